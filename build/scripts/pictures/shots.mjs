// What is pictured of each view: a state, as the engine gives it and as a person brings it about.
import { hookAnswers } from '../../../e2e/support/window-stage.ts'
import { rich, richPast } from '../../../e2e/support/window-rich.ts'
import { asking, empty, firstRun, offline, wrong } from '../../../e2e/support/window-world.ts'

const unread = () => ({
  ...empty(),
  readAt: null,
  connection: { ...empty().connection, state: 'connecting', detail: '' },
  workspaces: rich().workspaces.slice(0, 1),
  totals: { ...empty().totals, waiting: 12, setAside: 4 },
})
const away = () => ({ ...rich(), connection: offline().connection })
const lost = async (page, engine) => {
  await engine.stop()
  await page.getByText('Coord Tray does not answer').first().waitFor()
}
/** The detail of a row, where the view has one. */
const open = (words) => async (page) => {
  const row = page.locator('main [role=grid] [role=row][data-can-open]', { hasText: words }).first()
  if ((await row.count()) > 0) await row.click()
}
const palette = (words) => async (page) => {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill(words)
}
const press = (name) => async (page) => page.getByRole('button', { name }).first().click()

const answers = { 'history.get': richPast }
const noAnswers = { 'history.get': () => ({ messages: [], locks: [], connection: [], counts: [] }) }
/** The states in which every view of the work is. */
const work = (view, act) => [
  { state: 'rich', world: rich, hash: `#/${view}`, act, answers, isMain: true },
  { state: 'empty', world: empty, hash: `#/${view}`, answers: noAnswers },
  { state: 'offline', world: away, hash: `#/${view}`, answers },
  { state: 'not read yet', world: unread, hash: `#/${view}`, answers: noAnswers },
]

const calls = (was) => ({
  ...was,
  sessions: [
    { session: 'DESKTOP-1/claude-main', guard: null, hookAt: new Date(Date.now()).toISOString(), life: [] },
  ],
})
const connected = async (page, engine) => {
  await press('Save and go on')(page)
  await press('Write the hooks')(page)
  await page.getByText('Waiting for the first call…').waitFor()
  engine.set(calls)
  await page.locator('strong', { hasText: 'claude-main called' }).waitFor()
}

/** By view: the first state is shown in every size and look, the others wide and light, narrow and dark. */
export const VIEWS = {
  now: [
    ...work('now'),
    { state: 'another program at the address', world: wrong, hash: '#/now' },
    { state: 'Coord Tray is gone', world: rich, hash: '#/now', act: lost, answers },
  ],
  queue: work('queue', open('Claim dashboard')),
  messages: work('messages', open(/./)),
  locks: work('locks', open('hot/file')),
  board: work('board'),
  settings: [
    { state: 'rich', world: rich, hash: '#/settings', isMain: true, isTall: true },
    {
      state: 'set by variables',
      world: () => ({
        ...rich(),
        isServedHere: false,
        apiUrl: 'http://team.example:8001',
        settings: { ...rich().settings, setBy: { machineName: 'COORD_MACHINE', apiUrl: 'COORD_API_URL' } },
      }),
      hash: '#/settings',
      isTall: true,
    },
  ],
  check: [
    { state: 'something is wrong', world: rich, hash: '#/check', isMain: true },
    {
      state: 'all is fine',
      world: rich,
      hash: '#/check',
      answers: {
        'check.run': () => ({
          findings: Array.from({ length: 12 }, (_, n) => ({
            check: `check ${n}`,
            isWell: true,
            detail: '',
            fix: null,
          })),
        }),
      },
    },
    { state: 'Coord Tray is gone', world: rich, hash: '#/check', act: lost },
  ],
  'first-run': [
    { state: 'as it opens', world: firstRun, hash: '', isMain: true, isTall: true, answers: hookAnswers },
    {
      state: 'the hooks are shown',
      world: firstRun,
      hash: '',
      act: press('Save and go on'),
      answers: hookAnswers,
    },
    {
      state: 'waiting',
      world: firstRun,
      hash: '',
      act: async (page) => {
        await press('Save and go on')(page)
        await press('Write the hooks')(page)
      },
      answers: hookAnswers,
    },
    { state: 'connected', world: firstRun, hash: '', act: connected, answers: hookAnswers },
  ],
  sheets: [
    {
      state: 'the question at quitting',
      world: () => ({ ...rich(), quit: asking().quit }),
      hash: '#/now',
      isMain: true,
    },
    {
      state: 'the palette',
      world: rich,
      hash: '#/now',
      answers,
      act: palette('hot'),
    },
    {
      state: 'the palette, Coord Tray is gone',
      world: rich,
      hash: '#/now',
      answers,
      act: async (page, engine) => {
        await lost(page, engine)
        await palette('n')(page)
      },
    },
    { state: 'the keys', world: rich, hash: '#/now', answers, act: (page) => page.keyboard.press('?') },
  ],
}

const WIDE = { width: 1200, height: 800 }
/** How a view's first state is shown, and how the others are. */
export const LOOKS = {
  main: [
    { look: 'light', viewport: WIDE },
    { look: 'dark', viewport: WIDE, colorScheme: 'dark' },
    { look: '640 px', viewport: { width: 640, height: 800 } },
    { look: '360 px', viewport: { width: 360, height: 800 }, colorScheme: 'dark' },
    { look: '200 %', viewport: { width: 600, height: 400 }, deviceScaleFactor: 2 },
    { look: 'forced colours', viewport: WIDE, forcedColors: 'active' },
  ],
  other: [
    { look: 'light', viewport: { width: 900, height: 600 } },
    { look: '360 px', viewport: { width: 360, height: 600 }, colorScheme: 'dark' },
  ],
}
