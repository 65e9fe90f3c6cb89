/** The first run: from an answer or none to a connected session. */
import { expect, test } from '@playwright/test'
import type { SessionView } from '../shared/snapshot.ts'
import {
  expectAccessible,
  expectNoOverflow,
  goTo,
  HOOK_FILE,
  hookAnswers,
  LOOKS,
  refuse,
  SHOTS,
  viewLink,
  windowStage,
  tagOf,
} from './support/window-stage.ts'
import { ago, busy, firstRun, suggestions } from './support/window-world.ts'

const stage = windowStage()
const withHooks = (): void => stage.answer(hookAnswers())
const calls = (session: string, minutes: number): SessionView => ({
  session,
  guard: null,
  hookAt: ago(minutes),
  life: [{ kind: 'hook', at: ago(minutes) }],
})

for (const [look, options] of LOOKS) {
  test(`accessible and whole: ${look}${tagOf(look)}`, async () => {
    withHooks()
    const page = await stage.open(firstRun(), options)
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/first-run-${look}.png`, fullPage: true })
    await expectNoOverflow(page)
    await page.getByRole('button', { name: 'Save and go on' }).click()
    await expect(page.getByRole('heading', { name: 'Connect your sessions' })).toBeFocused()
    await expect(page.getByRole('region', { name: 'What is written' })).toContainText('"hooks": {')
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/connect-${look}.png` })
    await expectNoOverflow(page)
    await page.getByRole('button', { name: 'Write the hooks' }).click()
    await expect(page.getByText('Waiting for the first call…')).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/connect-waiting-${look}.png` })
  })
}

test('four answers are one command; then hooks are shown, written, and the first call turns it green', async () => {
  withHooks()
  // A call of yesterday is not the first one of what is written now.
  const page = await stage.open({ ...firstRun(), sessions: [calls('DESK/old', 60 * 24)] })
  await page.getByRole('textbox', { name: 'Name' }).fill('DESK')
  await page.getByLabel(suggestions[2] ?? '').check()
  await page.getByRole('textbox', { name: 'Path of a folder' }).fill('/srv/x')
  await page.getByRole('button', { name: 'Add it' }).click()
  await expect(page.getByText('2 folders of 4 chosen')).toBeVisible()
  await page.getByRole('radio', { name: 'Join the team\u2019s API' }).check()
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await expect(page.getByText('The address of the team\u2019s API is needed.')).toBeVisible()
  expect(stage.ran('settings.update')).toEqual([])
  await page.getByRole('textbox', { name: 'Address of the API' }).fill('http://coord.test:8001')
  await expect(page.getByText('is needed')).toHaveCount(0)
  await page.getByLabel('Start Coord Tray when I log in').check()
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await expect
    .poll(() => stage.ran('settings.update'))
    .toEqual([
      {
        machineName: 'DESK',
        workspaces: [suggestions[2], '/srv/x'],
        apiUrl: 'http://coord.test:8001',
        startAtLogin: true,
        isSetUp: true,
      },
    ])
  await expect(page.getByText(HOOK_FILE)).toBeVisible()
  expect(stage.ran('hooks.install')).toEqual([])
  await page.getByRole('button', { name: 'Write the hooks' }).click()
  await expect.poll(() => stage.ran('hooks.install')).toEqual([{ scope: 'user', path: null }])
  await expect(page.getByText('Waiting for the first call…')).toBeVisible()
  await expect(page.getByText('DESK/old')).toHaveCount(0)
  stage.engine.set((was) => ({ ...was, sessions: [...was.sessions, calls('DESK/claude-main', 0)] }))
  await expect(page.getByText('DESK/claude-main called')).toBeVisible()
  await expect(page.getByText('Waiting for the first call…')).toHaveCount(0)
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/connect-done.png` })
  await page.getByRole('button', { name: 'Open the window' }).click()
  await expect(viewLink(page, 'Now')).toBeVisible()
})

test('by keys alone, without an answer: all works as it stands', async () => {
  withHooks()
  const page = await stage.open(firstRun())
  const press = async (name: string): Promise<void> => {
    const button = page.getByRole('button', { name })
    for (let n = 0; n < 30; n++) {
      await page.keyboard.press('Tab')
      if (await button.evaluate((node) => node === document.activeElement)) break
    }
    await expect(button).toBeFocused()
    await page.keyboard.press('Enter')
  }
  await press('Save and go on')
  await expect(page.getByRole('heading', { name: 'Connect your sessions' })).toBeFocused()
  expect(stage.ran('settings.update')).toEqual([
    { machineName: 'DESKTOP-1', workspaces: [], apiUrl: null, startAtLogin: false, isSetUp: true },
  ])
  await press('Write the hooks')
  await expect(page.getByText('Waiting for the first call…')).toBeVisible()
  await press('Later')
  await expect(viewLink(page, 'Now')).toBeVisible()
})

test('"Later" puts it off; where hooks cannot be written, what can be done instead is said', async () => {
  const refused = () => {
    refuse('refused', 'Hooks cannot be installed from here.')
  }
  stage.answer({ 'hooks.preview': refused })
  const page = await stage.open(firstRun())
  await page.getByRole('button', { name: 'Later' }).click()
  await expect(viewLink(page, 'Now')).toBeVisible()
  expect(stage.ran('settings.update')).toEqual([])
  await goTo(page, 'Settings')
  await page.getByRole('button', { name: 'Connect sessions…' }).click()
  await expect(page.getByText('coord hook install')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Write the hooks' })).toHaveCount(0)
  await expect(page.getByRole('list', { name: 'Notices' })).toHaveCount(0)
})

test('Settings connects further sessions, for one project; a name of others is text', async () => {
  withHooks()
  const world = busy()
  const page = await stage.open({ ...world, sessions: [calls('DESKTOP-1/\u202eevil', 3)] })
  await goTo(page, 'Settings')
  await expect(page.getByText('DESKTOP-1/\\u202eevil called 3 min ago.')).toBeVisible()
  await page.getByRole('button', { name: 'Connect sessions…' }).click()
  await page.getByRole('combobox', { name: 'For' }).selectOption({ label: 'gururmm' })
  const path = world.workspaces[0]?.path
  await expect.poll(() => stage.ran('hooks.preview').at(-1)).toEqual({ scope: 'project', path })
  await page.getByRole('button', { name: 'Write the hooks' }).click()
  await expect.poll(() => stage.ran('hooks.install')).toEqual([{ scope: 'project', path }])
  await expectAccessible(page)
})

test('what a variable sets is locked, and not sent', async () => {
  const world = firstRun()
  const page = await stage.open({
    ...world,
    settings: { ...world.settings, setBy: { machineName: 'COORD_MACHINE', apiUrl: 'COORD_API_URL' } },
  })
  await expect(page.getByRole('textbox', { name: 'Name' })).not.toBeEditable()
  await expect(page.getByText('set by COORD_API_URL')).toBeVisible()
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await expect
    .poll(() => stage.ran('settings.update'))
    .toEqual([{ workspaces: [], startAtLogin: false, isSetUp: true }])
})
