/** The window's frame: where it is, how it is moved through, what it says of the engine. */
import { expect, test, type Page } from '@playwright/test'
import {
  expectAccessible,
  expectNoOverflow,
  goTo,
  LOOKS,
  SHOTS,
  viewLink,
  windowStage,
  tagOf,
} from './support/window-stage.ts'
import { VIEWS } from '../renderer/frame/views.ts'
import { pauseOf, problemWords } from '../electron/core/coord/connection-words.ts'
import { ago, busy, empty, message, offline, wrong } from './support/window-world.ts'

const stage = windowStage()

for (const [look, options] of LOOKS) {
  test(`Now and its frame, accessible and whole: ${look}${tagOf(look)}`, async () => {
    const world = busy()
    const page = await stage.open(
      {
        ...world,
        attention: [
          {
            kind: 'lock-wanted',
            id: '1',
            resource: 'server/src/db',
            project: 'gururmm',
            session: 'DESKTOP-1/claude-main',
            by: 'LAPTOP-7/claude-main',
            at: ago(5),
            askedAt: null,
          },
          {
            kind: 'session-waits',
            id: '5',
            resource: 'docs',
            project: 'gururmm',
            session: 'LAPTOP-7/other',
            by: 'DESKTOP-1/agent-2',
            at: ago(3),
            askedAt: ago(2),
          },
          ...world.attention,
          { kind: 'component-failed', project: 'gururmm', component: 'alerts', at: ago(9) },
          {
            kind: 'direct-messages',
            count: 3,
            id: 'm1',
            from: 'LAPTOP-7/claude-main',
            subject: 'Schema step 1',
          },
        ],
      },
      options,
    )
    await expect(page.getByRole('heading', { name: '5 things need you' })).toBeVisible()
    await expect(page.getByText('Sessions of this machine, last 8 hours')).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/now-${look}.png` })
    await expectNoOverflow(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('lock')
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/palette-${look}.png` })
  })
}

for (const [name, world] of [
  ['empty', empty],
  ['offline', offline],
  ['wrong-answer', wrong],
] as const) {
  test(`Now says how it is: ${name}`, async () => {
    const page = await stage.open(world())
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/now-${name}.png` })
  })
}

for (const [status, isRefused, headline, detail] of [
  [
    401,
    true,
    'The API takes nothing from this machine',
    problemWords({ code: 'token-wanted', status: 401 }, 'https://coord.example', true),
  ],
  [
    403,
    true,
    'The API takes nothing from this machine',
    problemWords(
      { code: 'forbidden', detail: 'Host: not a name of this server' },
      'https://coord.example',
      true,
    ),
  ],
  [
    429,
    false,
    'The API asked us to wait',
    pauseOf(
      { kind: 'wait', status: 429, waitMs: 1_000, detail: 'the API answered 429: too many reads' },
      'https://coord.example',
    )?.words ?? '',
  ],
] as const) {
  test(`Now says why a team’s server takes nothing, with the way out: ${status}`, async () => {
    const page = await stage.open({
      ...empty(),
      apiUrl: 'https://coord.example',
      attention: [],
      connection: {
        state: isRefused ? 'wrong-answer' : 'degraded',
        since: ago(2),
        detail,
        until: isRefused ? null : ago(-1),
        isRefused,
      },
    })
    await expect(page.getByRole('heading', { name: headline })).toBeVisible()
    await expect(page.getByText(detail)).toBeVisible()
    await expect(page.getByText(/not the (coordination )?API/i)).toHaveCount(0)
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/now-${status}.png` })
  })
}

test('every view has an address; Back and reload find it, and a project stays', async () => {
  const page = await stage.open({ ...busy(), projects: ['claudetools', 'gururmm'] })
  await goTo(page, 'Locks')
  expect(page.url()).toContain('#/locks')
  await goTo(page, 'Board')
  await page.goBack()
  await expect(page.locator('main h1')).toHaveText('Locks')
  await page.reload()
  await expect(page.locator('main h1')).toHaveText('Locks')
  expect(page.url()).not.toContain('token')
  await expect(page).toHaveTitle(/^\(1\) Locks · Coord Tray$/)
  // Narrowed to a project, each view is, and says so where the sidebar has no room for it.
  await page.getByRole('button', { name: 'claudetools' }).press('Enter')
  await expect(page).toHaveURL(/#\/locks\?project=claudetools$/)
  await goTo(page, 'Board')
  await expect(page).toHaveURL(/#\/board\?project=claudetools$/)
  const all = page.getByRole('button', { name: 'Show all projects' })
  await expect(all).toHaveCount(0)
  await page.setViewportSize({ width: 360, height: 640 })
  await expect(page.getByText('Only claudetools')).toBeVisible()
  await expectAccessible(page)
  await expectNoOverflow(page)
  await all.press('Enter')
  await expect(page).toHaveURL(/#\/board$/)
  await expect(all).toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1, name: 'Board' })).toBeFocused()
})

test('keys alone: places, the list of needs, the palette, the help sheet; the focus is where it belongs', async () => {
  const page = await stage.open(busy())
  await page.keyboard.press('g')
  await page.keyboard.press('q')
  await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeFocused()
  await page.keyboard.press('1')
  await expect(page.getByRole('heading', { level: 1, name: 'Now' })).toBeFocused()
  await page.keyboard.press('j')
  await expect(page.getByRole('row', { name: /3 calls were set aside in gururmm/ })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('main h1')).toHaveText('Queue')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox')).toBeFocused()
  await page.keyboard.type('schema step 1')
  await expect(page.getByRole('option').first()).toContainText(/six|step/i)
  await expect(page.getByText('Nothing is found.')).toHaveCount(0)
  await page.keyboard.type(' qqqq')
  await expect(page.getByText('Nothing is found.')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox')).toBeFocused()
  await page.keyboard.type('board')
  await expect(page.getByRole('option').first()).toContainText('Board')
  await page.keyboard.press('Enter')
  await expect(page.locator('main h1')).toHaveText('Board')
})

/** Opens the window anew with the code of a view held back; gives what lets it come. */
async function holdBack(page: Page, chunk: string): Promise<() => void> {
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  await page.route(`**/${chunk}*.js`, async (route) => {
    await held
    await route.continue()
  })
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: 'Now' })).toBeVisible()
  return release
}

for (const key of ['j', 'ArrowDown'])
  test(`a wish for the list of a view that is on its way is kept: ${key}`, async () => {
    const page = await stage.open(busy())
    const release = await holdBack(page, 'QueueView')
    await page.keyboard.press('g')
    await page.keyboard.press('q')
    const heading = page.getByRole('heading', { level: 1, name: 'Queue' })
    await expect(heading).toBeFocused()
    await page.keyboard.press(key)
    await expect(heading).toBeFocused()
    release()
    await expect(page.getByRole('main').getByRole('row').first()).toBeFocused()
  })

test('a wish for a list is forgotten where the person went on meanwhile', async () => {
  const page = await stage.open(busy())
  const release = await holdBack(page, 'QueueView')
  await page.keyboard.press('g')
  await page.keyboard.press('q')
  await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeFocused()
  await page.keyboard.press('j')
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  await expect(page.getByRole('heading', { level: 1, name: 'Locks' })).toBeFocused()
  await expect(page.getByRole('main').getByRole('row').first()).toBeVisible()
  release()
  await page.keyboard.press('g')
  await page.keyboard.press('q')
  await expect(page.getByRole('main').getByRole('row').first()).toBeVisible()
  await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeFocused()
})

test('a view whose code cannot be had is said to be that, with the way out; what else is lazy takes no view away', async () => {
  const page = await stage.open(busy())
  await page.route(/(BoardView|QuitDialog).*\.js$/, (route) => route.abort())
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: 'Now' })).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('b')
  const heading = page.getByRole('heading', { level: 1, name: 'Board' })
  await expect(heading).toBeFocused()
  const said = page.getByRole('status').filter({ hasText: 'This view could not be fetched' })
  const anew = said.getByRole('button', { name: 'Load the window anew' })
  await expect(anew).toBeVisible()
  await expectAccessible(page)
  const refused = page.waitForEvent('requestfailed', (one) => one.url().includes('QuitDialog'))
  stage.engine.set((was) => ({ ...was, quit: { isAsking: true, isReleasing: false } }))
  await refused
  await expect(heading).toBeFocused()
  stage.engine.set((was) => ({ ...was, quit: { isAsking: false, isReleasing: false } }))
  // What can be done now is said, and no more.
  await page.keyboard.press('Tab')
  await stage.engine.stop()
  await expect(said).toContainText('It is fetched as soon as Coord Tray answers.')
  await expect(anew).toHaveCount(0)
  await expectAccessible(page)
})

test('a row that is acted away gives the focus to the next, the last one to the heading', async () => {
  const page = await stage.open({
    ...busy(),
    attention: [
      ...busy().attention,
      { kind: 'direct-messages', count: 1, id: 'm1', from: 'LAPTOP-7/a', subject: 'One' },
    ],
  })
  await page.keyboard.press('j')
  await expect(page.getByRole('row', { name: /set aside/ })).toBeFocused()
  stage.engine.set((was) => ({ ...was, attention: was.attention.slice(1) }))
  await expect(page.getByRole('row', { name: /A message to a session/ })).toBeFocused()
  stage.engine.set((was) => ({ ...was, attention: [] }))
  await expect(page.getByRole('heading', { level: 1, name: 'Now' })).toBeFocused()
})

test('an engine that is gone: said, no act goes through, by the palette neither', async () => {
  const page = await stage.open(busy())
  // Its code comes when the window has nothing else to do, and not from an engine that is gone.
  const search = page.getByRole('combobox', { name: 'Search or run a command' })
  await expect(async () => {
    await page.keyboard.press('Control+k')
    await expect(search).toBeFocused({ timeout: 200 })
  }).toPass()
  await page.keyboard.press('Escape')
  await stage.engine.stop()
  await expect(page.getByRole('alert')).toContainText('Coord Tray does not answer')
  await expect(viewLink(page, 'Now')).toBeVisible()
  await expect(page.getByRole('navigation').getByText('No answer')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send waiting calls now' })).toHaveAttribute(
    'aria-disabled',
    'true',
  )
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/lost.png` })
  // What the engine carries out is off, with the reason; what the window does alone is not.
  await page.keyboard.press('Control+k')
  const option = (name: RegExp) => page.getByRole('option', { name })
  await page.keyboard.type('mute')
  await expect(option(/Mute notifications/)).toHaveAttribute('aria-disabled', 'true')
  await expect(option(/Mute notifications/)).toContainText('Coord Tray does not answer')
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await option(/Mute notifications/).click({ force: true })
  await expect(search).toBeFocused()
  await expect(page.getByText('nothing was done')).toHaveCount(0)
  await search.fill('show all keys')
  await expect(option(/Show all keys/)).not.toHaveAttribute('aria-disabled')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
})

test('text of others is shown as it is: no markup, no direction of its own, no hidden character', async () => {
  const page = await stage.open({
    ...busy(),
    attention: [
      {
        kind: 'direct-messages',
        count: 1,
        id: 'm1',
        from: 'EVIL\u202e/moc',
        subject: 'Approve \u202egpj.exe <img src=x onerror=alert(1)>',
      },
    ],
    messages: [message(1)],
  })
  const row = page.getByRole('row', { name: /A message to a session/ })
  await expect(row).toContainText('Approve \\u202egpj.exe <img src=x onerror=alert(1)>')
  await expect(row).toContainText('EVIL\\u202e/moc')
  await expectAccessible(page)
})

test('a way right behind another: from each view to each, however quickly the keys come', async () => {
  const page = await stage.open(busy())
  await expect(page.getByRole('heading', { level: 1, name: 'Now' })).toBeVisible()
  for (const over of Object.values(VIEWS))
    for (const to of Object.values(VIEWS)) {
      for (const key of ['g', over.key, 'g', to.key]) await page.keyboard.press(key)
      await expect(page.getByRole('heading', { level: 1, name: to.title })).toBeVisible()
    }
})

test('a key that follows g is a way, not an act of the row; Ctrl+K works where a person types, too', async () => {
  const page = await stage.open(busy())
  await goTo(page, 'Locks')
  await page.keyboard.press('j')
  await expect(page.getByRole('row').first()).toBeFocused()
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await expect(page.locator('main h1')).toHaveText('Check')
  expect(stage.ran('session.cleanUp')).toEqual([])
  await goTo(page, 'Locks')
  await page.keyboard.press('/')
  await page.keyboard.type('db')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox')).toBeFocused()
})

test('the one live region of the window is rewritten at most once in three seconds, whatever happens', async () => {
  const page = await stage.open(busy())
  await page.evaluate(() => {
    const heard: number[] = []
    Reflect.set(window, 'heard', heard)
    const region = document.querySelector('[role=status][aria-live=polite].hidden')
    if (!region) throw new Error('no voice')
    const watcher = new MutationObserver(() => heard.push(performance.now()))
    watcher.observe(region, { childList: true, characterData: true, subtree: true })
  })
  for (let n = 0; n < 35; n++) {
    const { connection } = n % 2 === 0 ? offline() : busy()
    stage.engine.set((was) => ({ ...was, connection, totals: { ...was.totals, waiting: n } }))
    await page.waitForTimeout(200)
  }
  const heard = await page.evaluate(() => Reflect.get(window, 'heard') as number[])
  expect(heard.length).toBeGreaterThan(0)
  heard.slice(1).forEach((at, n) => expect(at - (heard[n] ?? 0)).toBeGreaterThan(2_900))
  // No other region speaks of it.
  expect(await page.locator('main :is([role=status], [aria-live]):visible').count()).toBe(0)
})
