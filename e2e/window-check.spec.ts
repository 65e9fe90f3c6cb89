/** Check: what is wrong first, what cannot be told, and the rest in one line; as true as the last look. */
import { expect, test } from '@playwright/test'
import {
  expectAccessible,
  expectNoOverflow,
  goTo,
  LOOKS,
  refuse,
  SHOTS,
  windowStage,
  tagOf,
  tabTo,
} from './support/window-stage.ts'
import { busy } from './support/window-world.ts'

const stage = windowStage()

for (const [look, options] of LOOKS) {
  test(`accessible and whole: ${look}${tagOf(look)}`, async () => {
    const page = await stage.open(busy(), options)
    await goTo(page, 'Check')
    await expect(page.getByRole('heading', { name: '1 thing is wrong' })).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/check-${look}.png` })
    await page.getByText('2 fine').click()
    await expect(page.getByText('5 rows')).toBeVisible()
    await expectAccessible(page)
    await expectNoOverflow(page)
  })
}

test('runs by itself; what is wrong first with its fix; again on a wish and when the connection is another one', async () => {
  const page = await stage.open(busy())
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await expect(page.getByRole('heading', { level: 1, name: 'Check' })).toBeFocused()
  const rows = page.getByRole('row')
  await expect(rows.first()).toContainText('Make the folder writable')
  await expect(rows.nth(1)).toContainText('That view stays empty.')
  await expect(page.getByText('coordination API', { exact: true })).toBeHidden()
  await page.keyboard.press('j')
  await expect(rows.first()).toBeFocused()
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  const again = page.getByRole('button', { name: 'Check again' })
  await tabTo(page, again)
  await page.keyboard.press('Enter')
  await expect.poll(() => stage.ran('check.run')).toHaveLength(2)
  await expect(again).toBeFocused()
  stage.engine.set((was) => ({ ...was, connection: { ...was.connection, state: 'offline' } }))
  await expect.poll(() => stage.ran('check.run')).toHaveLength(3)
})

test('two folders of one name are two rows, each with its place under the keys', async () => {
  const wrong = (path: string) => ({ check: 'workspace web', isWell: false, detail: path, fix: null })
  stage.answer({ 'check.run': () => ({ findings: [wrong('/a/web'), wrong('/b/web')] }) })
  const page = await stage.open(busy())
  await goTo(page, 'Check')
  const rows = page.getByRole('row')
  await rows.first().focus()
  await page.keyboard.press('j')
  await expect(rows.nth(1)).toBeFocused()
  await expect(rows.nth(1)).toContainText('/b/web')
})

test('what has just been done is not said to be ahead, although the clock of the window moves in steps', async () => {
  const page = await stage.open(busy())
  await page.clock.install()
  await page.clock.runFor(13_000)
  await goTo(page, 'Check')
  await expect(page.getByText('Looked at just now')).toBeVisible()
  await page.clock.runFor(12_000)
  await page.getByRole('button', { name: 'Check again' }).click()
  await expect.poll(() => stage.ran('check.run')).toHaveLength(2)
  await expect(page.getByText('Looked at just now')).toBeVisible()
  await expect(page.getByText(/Looked at in /)).toHaveCount(0)
})

test('"fine" is said only where each was seen to be so', async () => {
  const finding = (isWell: boolean | null) => ({ check: `c ${isWell}`, isWell, detail: 'd', fix: null })
  let findings = [finding(true)]
  stage.answer({ 'check.run': () => ({ findings }) })
  const page = await stage.open(busy())
  await goTo(page, 'Check')
  await expect(page.getByRole('heading', { name: 'All is fine' })).toBeVisible()
  await expectAccessible(page)
  findings = [finding(true), finding(null)]
  await page.getByRole('button', { name: 'Check again' }).click()
  await expect(page.getByRole('heading', { name: 'Nothing is found wrong' })).toBeVisible()
  await expect(page.getByText('All is fine')).toHaveCount(0)
})

test('nothing is said to be fine or wrong before it was looked at, nor where it could not be', async () => {
  let go = (): void => undefined
  const wait = new Promise<void>((resolve) => (go = resolve))
  stage.answer({
    'check.run': async () => {
      await wait
      refuse('failed', 'It broke.')
    },
  })
  const page = await stage.open(busy())
  await goTo(page, 'Check')
  await expect(page.getByRole('heading', { name: 'Looking…' })).toBeVisible()
  await expect(page.getByText(/fine|wrong/)).toHaveCount(0)
  await expectAccessible(page)
  go()
  await expect(page.getByRole('heading', { name: 'The check could not be done' })).toBeVisible()
})

test('opened while the engine is gone: not said to have failed, nor is advised what cannot be done', async () => {
  const page = await stage.open(busy())
  // The code of the view is there.
  await goTo(page, 'Check')
  await goTo(page, 'Now')
  await stage.engine.stop()
  await expect(page.getByRole('alert')).toContainText('does not answer')
  await goTo(page, 'Check')
  await expect(page.getByRole('heading', { name: 'It cannot be looked at now' })).toBeVisible()
  await expect(page.getByText('It is looked at when this page reaches Coord Tray again.')).toBeVisible()
  await expect(page.getByText(/could not be done|Check again, or open/)).toHaveCount(0)
  await expectAccessible(page)
})

test('a test notification: what became of it is said here; a front that shows none offers none', async () => {
  const page = await stage.open(busy())
  await goTo(page, 'Check')
  await page.getByRole('button', { name: 'Send a test notification' }).click()
  await expect(page.getByText('It could not be shown: the system does not allow it.')).toBeVisible()
  await page.screenshot({ path: `${SHOTS}/check-failed.png` })
  stage.engine.set((was) => ({ ...was, front: { ...was.front, notifies: false } }))
  await expect(page.getByRole('button', { name: 'Send a test notification' })).toHaveCount(0)
})

test('text of others is text', async () => {
  stage.answer({
    'check.run': () => ({
      findings: [{ check: 'workspace \u202egpj', isWell: false, detail: '<img src=x>', fix: 'a\u0007b' }],
    }),
  })
  const page = await stage.open(busy())
  await goTo(page, 'Check')
  await expect(page.getByRole('row')).toContainText('workspace \\u202egpj')
  await expect(page.getByRole('row')).toContainText('<img src=x>')
  await expect(page.getByRole('row')).toContainText('a␇b')
})
