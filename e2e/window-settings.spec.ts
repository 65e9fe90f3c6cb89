/** Settings: each change is saved at once and can be taken back; what is set from outside is locked and says by what. */
import { expect, test } from '@playwright/test'
import {
  expectAccessible,
  expectNoOverflow,
  goTo,
  LOOKS,
  notices,
  refuse,
  SHOTS,
  windowStage,
  tagOf,
} from './support/window-stage.ts'
import { ago, busy, empty, message, namedIn, suggestions } from './support/window-world.ts'

const stage = windowStage()
const updates = () => stage.ran('settings.update')
const rich = () => ({
  ...busy(),
  suggestions,
  settings: {
    ...namedIn(busy().settings),
    workspaces: [...busy().workspaces.map((one) => one.path), '/mnt/away/project'],
  },
})

for (const [look, options] of LOOKS) {
  test(`accessible and whole: ${look}${tagOf(look)}`, async () => {
    stage.answer({
      'folder.check': ({ path }: { path: string }) => ({
        state: path === '/mnt/away/project' ? 'missing' : 'project',
        resolved: path,
      }),
    })
    const page = await stage.open(rich(), options)
    await goTo(page, 'Settings')
    await expect(page.getByRole('row', { name: /away\/project/ })).toContainText('There is no such folder.')
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/settings-${look}.png` })
    await expectNoOverflow(page)
  })
}

test('the machine\u2019s name is saved when the field is left, and taken back by one key', async () => {
  const page = await stage.open(busy())
  await goTo(page, 'Settings')
  const name = page.getByRole('textbox', { name: 'Name', exact: true })
  await name.fill('')
  await name.press('Tab')
  await expect(page.getByText('A machine has a name')).toBeVisible()
  expect(updates()).toEqual([])
  await name.fill('  DESK ')
  await name.press('Enter')
  await expect.poll(updates).toEqual([{ machineName: 'DESK' }])
  await expect(notices(page)).toContainText('This machine is called DESK from now on.')
  await expect(name).toBeFocused()
  await name.press('Tab')
  await expect(name).toHaveValue('DESK')
  await page.locator('main h1').focus()
  await page.keyboard.press('u')
  await expect.poll(updates).toEqual([{ machineName: 'DESK' }, { machineName: 'DESKTOP-1' }])
  await expect(name).toHaveValue('DESKTOP-1')
})

test('names in small lists, by keys alone: added, taken out, the focus goes to the next one', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Settings')
  const list = page.getByRole('grid', { name: 'Further sessions of this machine' })
  const input = page.getByRole('textbox', { name: 'Another session' })
  await input.focus()
  await page.keyboard.type('DESKTOP-1/nightly')
  await expect(page.getByRole('main').getByText('It is in the list already.')).toBeVisible()
  await page.keyboard.type('-2')
  await page.keyboard.press('Enter')
  await expect
    .poll(updates)
    .toEqual([{ sessions: ['DESKTOP-1/nightly', 'DESKTOP-1/reviewer', 'DESKTOP-1/nightly-2'] }])
  await expect(input).toBeFocused()
  await expect(input).toHaveValue('')
  await list.getByRole('row', { name: /nightly Remove/ }).focus()
  await page.keyboard.press('Delete')
  await expect(list.getByRole('row', { name: /reviewer/ })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(list.getByRole('row', { name: /nightly-2/ })).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(list.getByRole('button', { name: 'Remove DESKTOP-1/nightly-2' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(list.getByRole('row', { name: /reviewer/ })).toBeFocused()
  await page.keyboard.press('Delete')
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeFocused()
  await expect(list).toHaveCount(0)
  await page.keyboard.press('u')
  await expect.poll(() => updates().at(-1)).toEqual({ sessions: ['DESKTOP-1/reviewer'] })
})

test('what was typed and not yet added is there again after another view', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Settings')
  await page.getByRole('textbox', { name: 'Another session' }).fill('DESKTOP-1/half')
  await page.getByRole('textbox', { name: 'Path of a folder' }).fill('/home/half')
  await goTo(page, 'Check')
  await goTo(page, 'Settings')
  await expect(page.getByRole('textbox', { name: 'Another session' })).toHaveValue('DESKTOP-1/half')
  await expect(page.getByRole('textbox', { name: 'Path of a folder' })).toHaveValue('/home/half')
})

test('a folder by its path: each thing that it can be is said, and only a folder can be watched', async () => {
  const states = ['missing', 'not-a-folder', 'not-absolute', 'no-permission', 'folder', 'project', 'queue']
  stage.answer({
    'folder.check': ({ path }: { path: string }) => ({
      state: states.find((one) => path.endsWith(`/${one}`)) ?? 'folder',
      resolved: path.replace('/link/', '/real/'),
    }),
  })
  const page = await stage.open({ ...empty() })
  await goTo(page, 'Settings')
  await expect(page.getByText('No folder is watched.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Choose…' })).toHaveCount(0)
  const path = page.getByRole('textbox', { name: 'Path of a folder' })
  const watch = page.getByRole('button', { name: 'Watch it' })
  for (const [state, words] of [
    ['missing', 'There is no such folder.'],
    ['not-a-folder', 'This is a file, not a folder.'],
    ['not-absolute', 'must begin at the root'],
    ['no-permission', 'may not read this folder'],
  ] as const) {
    await path.fill(`/x/${state}`)
    await expect(page.getByRole('main').getByText(words)).toBeVisible()
    await expect(watch).toHaveAttribute('aria-disabled', 'true')
    await path.press('Enter')
  }
  expect(updates()).toEqual([])
  await path.fill('/link/queue')
  await expect(page.getByText('A folder with a queue')).toBeVisible()
  await path.press('Enter')
  await expect.poll(updates).toEqual([{ workspaces: ['/real/queue'] }])
  await expect(path).toHaveValue('')
  await expect(path).toBeFocused()
  await expect(page.getByRole('row', { name: /real\/queue/ })).toBeVisible()
  await path.fill('/link/queue')
  await expect(page.getByRole('main').getByText('It is in the list already.')).toBeVisible()
})

test('a folder by the picker, where the front has one; what cannot be watched is said and not saved', async () => {
  let picked = '/home/mike/new'
  stage.answer({ 'folder.pick': () => ({ path: picked }) })
  const page = await stage.open({ ...empty(), front: { ...empty().front, picksFolders: true } })
  await goTo(page, 'Settings')
  await page.getByRole('button', { name: 'Choose…' }).click()
  await expect.poll(updates).toEqual([{ workspaces: ['/home/mike/new'] }])
  picked = 'nonsense'
  await page.getByRole('button', { name: 'Choose…' }).click()
  await expect(page.getByRole('main').getByText('must begin at the root')).toBeVisible()
  expect(updates()).toHaveLength(1)
})

test('a folder is watched no longer: left alone from then on, its calls stay, and all is taken back at once', async () => {
  const world = busy()
  const [path] = world.settings.workspaces
  const page = await stage.open(world)
  await goTo(page, 'Settings')
  const list = page.getByRole('grid', { name: 'Watched folders' })
  await expect(list.getByRole('row', { name: /^gururmm/ })).toContainText('84 calls waiting')
  // `another` is watched by its path, which the settings do not name.
  await expect(list.getByRole('row', { name: /found by itself/ })).toContainText('cannot be written')
  await page.getByRole('button', { name: 'Stop watching gururmm' }).click()
  await expect(notices(page)).toContainText('84 calls that wait stay in it.')
  await expect
    .poll(updates)
    .toEqual([{ workspaces: ['/home/mike/projects/another'], ignoredWorkspaces: [path] }])
  await expect(page.getByRole('grid', { name: 'never watched' })).toContainText(path ?? '')
  await expect(list.getByRole('row').first()).toBeFocused()
  await notices(page).getByRole('button', { name: 'Undo' }).click()
  await expect
    .poll(() => updates().at(-1))
    .toEqual({
      workspaces: world.settings.workspaces,
      ignoredWorkspaces: [],
    })
})

test('projects of Claude Code are suggested, one or all', async () => {
  const page = await stage.open({ ...empty(), suggestions })
  await goTo(page, 'Settings')
  await expect(page.getByText('3 projects of this machine without a queue yet.')).toBeVisible()
  await page.getByRole('button', { name: `Watch ${suggestions[0]}` }).click()
  await expect.poll(updates).toEqual([{ workspaces: [suggestions[0]] }])
  await page.getByRole('button', { name: 'Watch all 2' }).click()
  await expect.poll(() => updates().at(-1)).toEqual({ workspaces: suggestions })
  await expect(page.getByRole('grid', { name: 'Projects of Claude Code' })).toHaveCount(0)
})

test('the API: an address is asked to be valid, nothing is changed before, and it is said when it is used', async () => {
  const page = await stage.open(busy())
  await goTo(page, 'Settings')
  await expect(page.getByText('In use now: http://127.0.0.1:8001, served here.')).toBeVisible()
  await page.getByRole('radio', { name: 'Join the team\u2019s API' }).check()
  await expect(page.getByText('Nothing is changed before an address is saved.')).toBeVisible()
  const address = page.getByRole('textbox', { name: 'Address of the API' })
  const save = page.getByRole('button', { name: 'Save the address' })
  await address.fill('coord.test:8001')
  await address.press('Enter')
  await expect(page.getByRole('main').getByText('must begin with http:// or https://')).toBeVisible()
  await expect(save).toHaveAttribute('aria-disabled', 'true')
  await save.click({ force: true })
  expect(updates()).toEqual([])
  await address.fill('http://coord.test:8001')
  await address.press('Enter')
  await expect.poll(updates).toEqual([{ apiUrl: 'http://coord.test:8001' }])
  await expect(notices(page)).toContainText('used from the next start of Coord Tray on')
  stage.engine.set((was) => ({ ...was, attention: [...was.attention, { kind: 'restart-needed' }] }))
  await expect(page.getByText('What is chosen is used from the next start')).toBeVisible()
  await page.getByRole('radio', { name: 'Serve coordination' }).check()
  await expect.poll(() => updates().at(-1)).toEqual({ apiUrl: null })
  await expect(page.getByRole('textbox', { name: 'Address of the API' })).toHaveCount(0)
})

test('what a variable sets is shown, locked, with its name', async () => {
  const world = rich()
  const page = await stage.open({
    ...world,
    apiUrl: 'http://team.test:8001',
    isServedHere: false,
    settings: {
      ...world.settings,
      setBy: { machineName: 'COORD_MACHINE', workspaces: '--workspace', apiUrl: 'COORD_API_URL' },
    },
  })
  await goTo(page, 'Settings')
  for (const name of ['COORD_MACHINE', '--workspace', 'COORD_API_URL'])
    await expect(page.getByText(`set by ${name}`, { exact: true })).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Name', exact: true })).not.toBeEditable()
  const address = page.getByRole('textbox', { name: 'Address of the API' })
  await expect(address).not.toBeEditable()
  await expect(address).toHaveValue('http://team.test:8001')
  await expect(page.getByRole('radio', { name: 'Join the team\u2019s API' })).toBeChecked()
  await expect(page.getByRole('radio', { name: 'Serve coordination' })).toBeDisabled()
  await expect(page.getByRole('textbox', { name: 'Path of a folder' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Stop watching gururmm' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: /^Watch/ })).toHaveCount(0)
  await expectAccessible(page)
})

test('quiet hours, content, start at login, the quit choice: each at once, and what is wrong is not sent', async () => {
  const page = await stage.open(empty())
  await goTo(page, 'Settings')
  await page.getByLabel('Quiet hours, each day').check()
  await expect.poll(updates).toEqual([{ quietHours: { from: '22:00', to: '07:00' } }])
  await page.getByLabel('from', { exact: true }).fill('07:00')
  await page.getByLabel('from', { exact: true }).press('Enter')
  await expect(page.getByRole('main').getByText('nothing would be quiet')).toBeVisible()
  expect(updates()).toHaveLength(1)
  await page.getByLabel('from', { exact: true }).fill('21:30')
  await page.getByLabel('from', { exact: true }).press('Enter')
  await expect.poll(() => updates().at(-1)).toEqual({ quietHours: { from: '21:30', to: '07:00' } })
  await page.getByLabel('Hide the content').check()
  await page.getByLabel('Start Coord Tray when I log in').check()
  await page.getByRole('radio', { name: 'Release all and quit' }).check()
  await expect
    .poll(() => updates().slice(2))
    .toEqual([{ hideContent: true }, { startAtLogin: true }, { quitChoice: 'release' }])
  await expect(page.getByRole('radio', { name: 'Release all and quit' })).toBeChecked()
  stage.engine.set((was) => ({ ...was, front: { ...was.front, startsAtLogin: false } }))
  await expect(page.getByLabel('Start Coord Tray when I log in')).toHaveCount(0)
})

test('a change that is refused is said, and nothing looks as if it were saved', async () => {
  stage.answer({
    'settings.update': () => {
      refuse('storage', 'settings.json could not be written')
    },
  })
  const page = await stage.open(busy())
  await goTo(page, 'Settings')
  await page.getByLabel('Hide the content').click()
  await expect(notices(page)).toContainText('settings.json could not be written.')
  await expect(page.getByLabel('Hide the content')).not.toBeChecked()
  await expect(notices(page).getByRole('button', { name: 'Undo' })).toHaveCount(0)
})

test('mute: all, one project, and off again', async () => {
  const page = await stage.open(busy())
  await goTo(page, 'Settings')
  await page.getByRole('button', { name: 'Mute for an hour', exact: true }).click()
  await expect(notices(page)).toContainText('Messages still count')
  await page.getByRole('button', { name: 'Mute gururmm until tomorrow' }).click()
  await page.getByRole('button', { name: 'Unmute dataforth-dos' }).click()
  await expect
    .poll(() => stage.ran('notifications.mute'))
    .toEqual([
      { until: 'in-an-hour', project: null },
      { until: 'tomorrow', project: 'gururmm' },
      { until: null, project: 'dataforth-dos' },
    ])
  stage.engine.set((was) => ({ ...was, settings: { ...was.settings, mutedUntil: ago(-60) } }))
  await page.getByRole('button', { name: 'Unmute', exact: true }).click()
  await expect.poll(() => stage.ran('notifications.mute').at(-1)).toEqual({ until: null, project: null })
})

test('the log and quitting are here; names of others are text', async () => {
  const page = await stage.open({
    ...busy(),
    suggestions: ['/home/\u202egpj/<b>x</b>'],
    messages: [message(1, { project: 'web\u202egpj' })],
    workspaces: busy().workspaces.map((one) => ({
      ...one,
      name: `a\u202e${one.name}`,
      problem: 'no \u2066x',
    })),
    settings: {
      ...busy().settings,
      aliases: ['OLD\u202eKSED'],
      mutedProjects: [{ project: 'm\u202ex', until: ago(-9) }],
    },
  })
  await goTo(page, 'Settings')
  await expect(page.getByText('/home/\\u202egpj/<b>x</b>').first()).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Open the log' }).click()
  await page.getByRole('button', { name: 'Quit… (3 locks held)' }).click()
  await expect.poll(() => stage.ran('app.quit')).toEqual([{ choice: null, remember: false }])
  expect(stage.ran('app.openLog')).toEqual([null])
})

test('a button that an act takes away hands the focus on to what stands in its place', async () => {
  stage.answer({
    'notifications.mute': ({ until }: { until: string | null }) => {
      const mutedUntil = until === null ? null : ago(-60)
      stage.engine.set((was) => ({ ...was, settings: { ...was.settings, mutedUntil } }))
      return { until: mutedUntil }
    },
    'hooks.preview': () => {
      refuse('failed', 'x')
    },
  })
  const page = await stage.open(rich())
  await goTo(page, 'Settings')
  await page.getByRole('button', { name: 'Mute for an hour' }).press('Enter')
  await expect(page.getByRole('button', { name: 'Unmute', exact: true })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Mute for an hour' })).toBeFocused()
  await page.getByRole('button', { name: 'Connect sessions…' }).press('Enter')
  await expect(page.getByRole('combobox', { name: 'For' })).toBeFocused()
  await expect(page.getByText('How these settings are cannot be read now.')).toBeVisible()
  await expect(page.getByText('cannot be written from here')).toHaveCount(0)
})
