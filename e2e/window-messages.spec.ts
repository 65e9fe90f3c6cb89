/** The view Messages: conversations, threads in which nothing vanishes, answers with kept drafts. */
import { expect, test, type Page } from '@playwright/test'
import type { AppSnapshot } from '../shared/snapshot.ts'
import {
  expectAccessible,
  expectNoOverflow,
  goTo,
  LOOKS,
  notices,
  refuse,
  rowOf,
  SHOTS,
  windowStage,
  tagOf,
} from './support/window-stage.ts'
import { ago, BODIES, busy, empty, message, offline } from './support/window-world.ts'

const stage = windowStage()

function rich(): AppSnapshot {
  return {
    ...busy(),
    messages: [
      message(1),
      message(2, { to: null, isBroadcast: true, subject: 'The staging server restarts at six <b>sharp</b>' }),
      message(3, { body: 'word '.repeat(200) }),
      message(4, { isSeen: true }),
      message(5, {
        from: 'SRV-DB/claude',
        to: 'DESKTOP-1/db-migrations',
        project: 'claudetools',
        subject: 'May I have hot/file?',
        isSeen: true,
      }),
    ],
  }
}

const letter = (page: Page, subject: string) => page.getByRole('article').filter({ hasText: subject })
const answer = (page: Page) => page.getByRole('textbox', { name: 'Answer' })

for (const [look, options] of LOOKS) {
  test(`Messages, a thread and a new message, accessible and whole: ${look}${tagOf(look)}`, async () => {
    const page = await stage.open(rich(), options)
    await goTo(page, 'Messages')
    await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/messages-${look}.png` })
    await rowOf(page, /LAPTOP-7\/claude-main with claude-main/).click()
    await expect(page.getByText('The migration 1 is on the server.')).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/messages-thread-${look}.png` })
    await expectNoOverflow(page)
    await page.evaluate(() => (location.hash = '#/messages/new'))
    await expect(page.getByRole('heading', { name: 'New message' })).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/messages-new-${look}.png` })
    await expectNoOverflow(page)
  })
}

test('Messages says how it is: empty, not read yet, offline', async () => {
  const page = await stage.open({ ...empty(), readAt: null })
  await goTo(page, 'Messages')
  // Read ones are kept over a start: they are there before the API answers.
  await page.getByRole('searchbox').fill('there is no such word')
  await expect(page.getByText('Nothing fits')).toBeVisible()
  await page.getByRole('searchbox').fill('')
  await expect(page.getByText('Not read yet')).toBeVisible()
  await expect(page.getByText('No messages')).toHaveCount(0)
  await expectAccessible(page)
  stage.engine.set(() => offline())
  await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toBeVisible()
  await page.screenshot({ path: `${SHOTS}/messages-offline.png` })
})

test('read, answer, find again, with the mouse: what its session reads stays where it is', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Messages')
  await rowOf(page, /LAPTOP-7\/claude-main with claude-main/).click()
  const first = letter(page, 'Schema step 1 is ready')
  await expect(first).toContainText('The migration 1 is on the server.')
  await expect(first).toContainText('seen by you · not marked read for the session')
  expect(stage.ran('message.read')).toEqual([])
  // Its session reads it: it leaves the list of unread ones.
  stage.engine.set((was) => ({ ...was, messages: was.messages.filter((one) => one.id !== 'm1') }))
  await expect(first).toBeVisible()
  await expect(first).toContainText('seen by you')
  await expect(first).not.toContainText('marked read')
  // What was read long ago stands above it.
  await expect(letter(page, 'Earlier step 0')).toBeAttached()
  await letter(page, 'Schema step 3').getByRole('button', { name: /Quote/ }).click()
  await expect(answer(page)).toBeFocused()
  await expect(answer(page)).toHaveValue(/^> word word/)
  await answer(page).fill('Done.')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect
    .poll(() => stage.ran('message.send'))
    .toEqual([
      {
        from: 'DESKTOP-1/claude-main',
        to: 'LAPTOP-7/claude-main',
        project: 'gururmm',
        subject: 'Re: Schema step 3 is ready',
        body: 'Done.',
      },
    ])
  await expect(answer(page)).toHaveValue('')
  await expect(answer(page)).toBeFocused()
  await page.getByRole('searchbox').fill('earlier step 4')
  await expect(page.getByRole('grid', { name: 'Conversations' }).getByRole('row')).toHaveCount(1)
})

test('keys alone: open, answer with a draft that is kept over views, send; the focus after each', async () => {
  const page = await stage.open(rich())
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await expect(page.getByRole('heading', { level: 1, name: 'Messages' })).toBeFocused()
  await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toBeVisible()
  await page.keyboard.press('j')
  await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByText('The migration 1 is on the server.')).toBeVisible()
  await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toBeFocused()
  await page.keyboard.press('a')
  await expect(answer(page)).toBeFocused()
  await page.keyboard.type('Half a th')
  await page.keyboard.press('Escape')
  await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toBeFocused()
  await page.keyboard.press('g')
  await page.keyboard.press('b')
  await expect(page.locator('main h1')).toHaveText('Board')
  await page.keyboard.press('Alt+ArrowLeft')
  await page.goBack().catch(() => undefined)
  await page.evaluate(() => (location.hash = '#/messages/m1'))
  await expect(answer(page)).toHaveValue('Half a th')
  await page.keyboard.press('j')
  await page.keyboard.press('a')
  await expect(answer(page)).toBeFocused()
  await page.keyboard.type('ought')
  await page.keyboard.press('Control+Enter')
  await expect.poll(() => stage.ran('message.send')).toMatchObject([{ body: 'Half a thought' }])
  await expect(answer(page)).toBeFocused()
})

test('read for the session is another, confirmed act', async () => {
  const page = await stage.open(rich())
  await page.evaluate(() => (location.hash = '#/messages/m1'))
  await letter(page, 'Schema step 1').getByRole('button', { name: 'Mark read for the session…' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('will then not see this message')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.getByRole('button', { name: 'Mark read', exact: true }).click()
  await expect.poll(() => stage.ran('message.read')).toEqual([{ id: 'm1', session: 'DESKTOP-1/claude-main' }])
})

test('a new message: its draft is kept, a broadcast goes to all; "Seen all" is for the person only', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Messages')
  await page.getByRole('button', { name: 'New message' }).click()
  await expect(page.getByLabel('To (MACHINE/NAME)')).toBeFocused()
  await page.getByLabel('Subject').fill('All')
  await page.getByLabel('Project', { exact: true }).fill('gururmm')
  await goTo(page, 'Board')
  await page.goBack()
  await expect(page.getByLabel('Subject')).toHaveValue('All')
  await page.getByLabel('Broadcast: to every session').check()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect
    .poll(() => stage.ran('message.send'))
    .toEqual([{ from: 'DESKTOP-1/coord', to: null, project: 'gururmm', subject: 'All', body: '' }])
  await expect(page.getByRole('heading', { name: 'New message' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Seen all' }).click()
  await expect(page.getByText('Nothing new to you')).toBeVisible()
  await expect(page.getByRole('heading', { level: 1, name: 'Messages' })).toBeFocused()
  expect(stage.ran('message.read')).toEqual([])
})

test('a click on a notification opens that message, in a conversation of five thousand', async () => {
  const many = Array.from({ length: 5000 }, (_, n) => message(n + 1))
  const page = await stage.open({ ...busy(), messages: many })
  stage.engine.set((was) => ({ ...was, openMessage: 'm4000' }))
  await expect(page.locator('main h1')).toHaveText('Messages')
  await expect(page.getByText('The migration 4000 is on the server.')).toBeInViewport()
  await expect
    .poll(() => stage.ran('message.seen').flatMap((one) => (one as { ids: string[] }).ids))
    .toContain('m4000')
  // What is not in view was not seen.
  expect(stage.ran('message.seen').flatMap((one) => (one as { ids: string[] }).ids)).not.toContain('m1')
})

test('ten thousand conversations: every row by arrows, and what is looked at stays when one comes above it', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) =>
    message(n + 1, { from: `LAPTOP-7/s${String(n).padStart(5, '0')}` }),
  )
  const page = await stage.open({ ...busy(), messages: many })
  await goTo(page, 'Messages')
  await page.keyboard.press('j')
  await page.keyboard.press('PageDown')
  await page.keyboard.press('PageDown')
  await page.keyboard.press('PageDown')
  const seen = page.locator('[role=row]:focus')
  const before = (await seen.boundingBox())?.y
  const words = await seen.textContent()
  stage.engine.set((was) => ({
    ...was,
    messages: [message(0, { id: 'top', from: 'LAPTOP-7/top' }), ...was.messages],
  }))
  await expect(page.getByRole('button', { name: '1 new', exact: true })).toBeVisible()
  expect(await seen.textContent()).toBe(words)
  expect(Math.abs(((await seen.boundingBox())?.y ?? 0) - (before ?? 0))).toBeLessThan(1)
  await page.getByRole('button', { name: '1 new', exact: true }).click()
  await expect(rowOf(page, /LAPTOP-7\/top/)).toBeFocused()
})

test('text of others stays text: markup, direction, hidden characters, a word without end', async () => {
  const page = await stage.open({
    ...busy(),
    messages: [
      message(1, {
        from: 'EVIL\u202e/moc',
        subject: 'Approve \u202egpj.exe <img src=x onerror=alert(1)>',
        body: `<script>alert(1)</script> \u2066${'x'.repeat(5_000)}`,
      }),
      message(2, { from: 'IL/a', subject: 'שלום עולם' }),
    ],
  })
  await goTo(page, 'Messages')
  await expect(rowOf(page, /EVIL/)).toContainText('Approve \\u202egpj.exe <img src=x onerror=alert(1)>')
  await rowOf(page, /EVIL/).click()
  await expect(page.getByText('<script>alert(1)</script> \\u2066xxx')).toBeVisible()
  await expect(page.getByText('To EVIL\\u202e/moc as DESKTOP-1/claude-main')).toBeVisible()
  await expect(page.getByText('שלום עולם').first()).toHaveAttribute('dir', 'auto')
  await expectAccessible(page)
  await expectNoOverflow(page)
})

test('a text that cannot be read now is not said to be gone, has no quote, and is asked for again', async () => {
  let isBroken = true
  stage.answer({
    'message.get': ({ id }: { id: string }) => {
      if (id === 'm3') refuse('not-found')
      if (isBroken) refuse('failed')
      return { body: id === 'm4' ? '' : (BODIES.get(id) ?? '') }
    },
  })
  const page = await stage.open(rich())
  await page.evaluate(() => (location.hash = '#/messages/m1'))
  const first = letter(page, 'Schema step 1 is ready')
  await expect(first).toContainText('Its text cannot be read now.')
  await expect(first.getByRole('button', { name: /Quote/ })).toHaveCount(0)
  await expect(letter(page, 'Schema step 3')).toContainText('Its text is not kept here any more.')
  await expect(page.getByText('This message has no text.')).toHaveCount(0)
  isBroken = false
  await expect(first).toContainText('The migration 1 is on the server.')
  await expect(letter(page, 'Schema step 4')).toContainText('This message has no text.')
  await expect(first.getByRole('button', { name: /Quote/ })).toBeVisible()
})

test('a message that is narrowed away, cannot be read or is not yet read is not said to be gone, one that was read not to be read still', async () => {
  let isBroken = false
  stage.answer({
    'message.get': ({ id }: { id: string }) => {
      if (isBroken) refuse('failed')
      return BODIES.has(id) ? { body: BODIES.get(id) } : refuse('not-found')
    },
  })
  const page = await stage.open(rich())
  await page.evaluate(() => (location.hash = '#/messages/m1'))
  await expect(letter(page, 'Schema step 1')).toBeVisible()
  await page.getByRole('searchbox').fill('hot/file')
  await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toHaveCount(0)
  await expect(letter(page, 'Schema step 1')).toBeVisible()
  await page.getByRole('button', { name: 'Show it' }).press('Enter')
  await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toBeFocused()
  // Narrowed to a project there is no filter that could be emptied.
  await page.evaluate(() => (location.hash = '#/messages?project=nowhere'))
  await expect(page.getByText('No conversation of this project is listed.')).toBeVisible()
  await page.getByRole('button', { name: 'Show all' }).press('Enter')
  await expect(rowOf(page, /LAPTOP-7\/claude-main with claude-main/)).toBeVisible()
  await page.evaluate(() => (location.hash = '#/messages/none'))
  await expect(page.getByText('This message is not kept here any more.')).toBeVisible()
  // its text is there, and it is in no list
  const { id } = message(9)
  await page.evaluate((unlisted) => (location.hash = `#/messages/${unlisted}`), id)
  await expect(page.getByText('This message is not listed.')).toBeVisible()
  isBroken = true
  await page.evaluate(() => (location.hash = '#/messages/other'))
  await expect(page.getByText('Whether it is kept cannot be read now.')).toBeVisible()
})

test('a message that waits is not said to be sent', async () => {
  stage.answer({ 'message.send': () => ({ id: '1', queued: true }) })
  const page = await stage.open(rich())
  await page.evaluate(() => (location.hash = '#/messages/m1'))
  await answer(page).fill('Yes')
  await answer(page).press('Control+Enter')
  await expect(notices(page)).toContainText('Queued: it is sent as soon as the API answers.')
  await expect(page.getByText('Sent.', { exact: true })).toHaveCount(0)
})

test('nothing is called new or not before all that is unread was read', async () => {
  const seen = [message(1, { isSeen: true }), message(2, { isSeen: true })]
  let give: () => void = () => undefined
  const asked = new Promise<void>((done) => (give = done))
  stage.answer({
    'messages.list': async () => {
      await asked
      return { rows: [...seen, message(3, { from: 'SRV-DB/late' })], total: 3 }
    },
  })
  const page = await stage.open({ ...busy(), messages: seen }, {}, { messages: 3 })
  await goTo(page, 'Messages')
  await expect(page.getByText('0 new to you so far, reading…')).toBeVisible()
  await expect(page.getByText('Nothing new to you')).toHaveCount(0)
  give()
  await expect(page.getByText('1 new to you', { exact: true })).toBeVisible()
})

test('while it is sent an answer is not written in; where that fails the focus and the text stay', async () => {
  let give: () => void = () => undefined
  stage.answer({
    'message.send': async () => {
      await new Promise<void>((done) => (give = done))
      refuse('failed', 'The disk is full.')
    },
  })
  const page = await stage.open(rich())
  await page.evaluate(() => (location.hash = '#/messages/m1'))
  await answer(page).fill('Yes')
  const send = page.getByRole('button', { name: 'Send', exact: true })
  await send.click()
  await expect(answer(page)).not.toBeEditable()
  await expect.poll(() => stage.ran('message.send').length).toBe(1)
  give()
  await expect(answer(page)).toBeEditable()
  await expect(answer(page)).toHaveValue('Yes')
  await expect(send).toBeFocused()
})

test('what comes below in one picture is counted, each; a button that goes hands the focus on', async () => {
  const many = Array.from({ length: 15 }, (_, n) => message(n + 1, { body: 'word '.repeat(400) }))
  const long = message(15, { body: 'word '.repeat(3_000) })
  const page = await stage.open({ ...busy(), messages: [...many.slice(0, 14), long] })
  await page.evaluate(() => (location.hash = '#/messages/m15'))
  const whole = page.getByRole('button', { name: 'Show all of it' })
  await whole.focus()
  await page.keyboard.press('Enter')
  await expect(letter(page, 'Schema step 15').getByRole('button', { name: /Quote/ })).toBeFocused()
  const more = ['a', 'b', 'c'].map((id) => message(0, { id, createdAt: ago(-1) }))
  stage.engine.set((was) => ({ ...was, messages: [...more, ...was.messages] }))
  await expect(page.getByRole('button', { name: '3 new messages below' })).toBeVisible()
})
