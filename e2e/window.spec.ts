/** The window's views: each act of a person, and the command that it becomes. */
import { expect, test } from '@playwright/test'
import { SHOTS, viewLink, windowStage } from './support/window-stage.ts'
import { busy, many, message } from './support/window-world.ts'

const stage = windowStage()

test('a page without a key says so and shows nothing', async () => {
  await stage.open(busy())
  const page = await stage.newPage()
  await page.goto(stage.engine.url.split('#')[0] ?? '')
  await expect(page.getByRole('alert')).toContainText('no valid key')
  await expect(page.getByText('gururmm')).toHaveCount(0)
})

test('opening a message is seen by the person; read for the session is another, confirmed act', async () => {
  const page = await stage.open(busy())
  await viewLink(page, 'Messages').click()
  await page.getByRole('button', { name: /Schema step 1 / }).click()
  await expect.poll(() => stage.ran('message.seen')).toEqual([{ ids: ['m1'] }])
  expect(stage.ran('message.read')).toEqual([])
  await page.getByRole('button', { name: 'Mark read for the session…' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('will then not see this message')
  await page.getByRole('button', { name: 'Mark read', exact: true }).click()
  await expect.poll(() => stage.ran('message.read')).toEqual([{ id: 'm1', session: 'DESKTOP-1/claude-main' }])
})

test('answers a message, and writes a broadcast', async () => {
  const page = await stage.open(busy())
  await viewLink(page, 'Messages').click()
  await page.getByRole('button', { name: /Schema step 1 / }).click()
  await page.getByRole('button', { name: 'Answer…' }).click()
  await expect(page.getByLabel('Message', { exact: true })).toBeFocused()
  await page.keyboard.type('Done.')
  await page.screenshot({ path: `${SHOTS}/answer.png` })
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect
    .poll(() => stage.ran('message.send'))
    .toEqual([
      {
        from: 'DESKTOP-1/claude-main',
        to: 'LAPTOP-7/claude-main',
        project: 'gururmm',
        subject: 'Re: Schema step 1 is ready',
        body: 'Done.',
      },
    ])
  await page.getByRole('button', { name: 'New message…' }).click()
  await page.getByLabel('Broadcast: to every session').check()
  await page.getByLabel('Subject').fill('All')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect.poll(() => stage.ran('message.send')[1]).toMatchObject({ to: null, subject: 'All' })
})

test('a click on a notification opens that message', async () => {
  const page = await stage.open(many())
  stage.engine.set((was) => ({ ...was, openMessage: 'm4000' }))
  await expect(viewLink(page, 'Messages')).toHaveAttribute('aria-current', 'page')
  await expect(page.getByText('The migration 4000 is on the server.')).toBeInViewport()
  await expect.poll(() => stage.ran('message.seen')).toEqual([{ ids: ['m4000'] }])
})

test('hostile text stays text', async () => {
  const page = await stage.open({
    ...busy(),
    messages: [message(1, { subject: '<img src=x onerror=alert(1)>', body: '<script>alert(1)</script>' })],
  })
  await viewLink(page, 'Messages').click()
  await page.getByRole('button', { name: /<img src=x/ }).click()
  await expect(page.getByText('<script>alert(1)</script>')).toBeVisible()
})
