/** The queue: grouped by cause, acted on with the mouse and with keys alone, a backlog watched. */
import { expect, test, type Page } from '@playwright/test'
import { aside, backlog, queueWorld, waitingRow } from './support/queue-world.ts'
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
  tabTo,
  stopClock,
} from './support/window-stage.ts'
import { ago, busy, empty, offline, RAWS, wrong } from './support/window-world.ts'

const stage = windowStage()

for (const [look, options] of LOOKS) {
  test(`the queue in looks: ${look}${tagOf(look)}`, async () => {
    const page = await stage.open(queueWorld(), options)
    await goTo(page, 'Queue')
    await page.screenshot({ path: `${SHOTS}/queue-${look}.png` })
    await expectAccessible(page)
    await page.getByRole('row', { name: /Claim a resource that is not named/ }).click()
    await expect(page.getByRole('region', { name: 'The call as it was queued' })).toContainText('is missing')
    await page.screenshot({ path: `${SHOTS}/queue-detail-${look}.png` })
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.screenshot({ path: `${SHOTS}/queue-edit-${look}.png` })
    await expectAccessible(page)
    await expectNoOverflow(page)
  })
}

for (const [name, world] of [
  ['empty', empty],
  ['offline', () => ({ ...queueWorld(), connection: offline().connection })],
  ['wrong-answer', () => ({ ...queueWorld(), connection: wrong().connection })],
  ['old-shape', busy],
  ['quiet', () => ({ ...backlog(0), attention: [] })],
] as const) {
  test(`the queue says how it is: ${name}`, async () => {
    const page = await stage.open(world())
    await goTo(page, 'Queue')
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/queue-is-${name}.png` })
    await page.setViewportSize({ width: 360, height: 640 })
    await page.screenshot({ path: `${SHOTS}/queue-is-${name}-360.png` })
  })
}

test('the own queue of the app is no watched folder, and is shown where it has calls', async () => {
  const [folder] = queueWorld().workspaces
  if (!folder) throw new Error('no folder')
  const own = { ...folder, path: '/home/mike/.coord', name: 'this app' }
  const idle = {
    ...own,
    waiting: 0,
    setAsideCount: 0,
    skippedCount: 0,
    setAside: [],
    skipped: [],
    lately: [],
    next: [],
  }
  const page = await stage.open({ ...empty(), workspaces: [idle] })
  await expect(page.getByRole('heading', { name: 'No project folder is watched yet' })).toBeVisible()
  await goTo(page, 'Queue')
  await expect(page.getByRole('main')).toContainText('No project folder is watched yet.')
  await expect(page.getByText(/watched folder$/)).toHaveCount(0)
  stage.engine.set((was) => ({ ...was, workspaces: [own] }))
  await expect(page.getByRole('row', { name: /Claim dashboard/ })).toBeVisible()
  await expect(page.getByText(/watched folder/)).toHaveCount(0)
})

const main = (page: Page) => page.getByRole('main')
/** The engine took a call out of what was set aside. */
const takeOut = (...ids: string[]): void =>
  stage.engine.set((was) => ({
    ...was,
    workspaces: was.workspaces.map((one) => {
      const setAside = one.setAside.filter((call) => !ids.includes(call.id))
      return { ...one, setAside, setAsideCount: setAside.length }
    }),
    totals: { ...was.totals, setAside: was.totals.setAside - ids.length },
  }))

test('a set-aside call is brought home, with the mouse: what is wrong is marked, edited, sent', async () => {
  const page = await stage.open(queueWorld())
  await goTo(page, 'Queue')
  await rowOf(page, /Claim dashboard for docs-writer/).click()
  expect(page.url()).toContain('#/queue/f.1.0')
  const json = page.getByRole('region', { name: 'The call as it was queued' })
  await expect(json.locator('mark')).toHaveText(/"ttl_hours": "two"/)
  await expect(page.getByText('The API rejects the field ttl_hours.')).toBeVisible()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const editor = page.getByRole('textbox', { name: 'The call, as JSON' })
  await expect(editor).toBeFocused()
  await editor.fill('{"method":"POST","path":"/api/coord/locks"')
  await expect(page.getByText('This is not JSON yet.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save and send' })).toHaveAttribute('aria-disabled', 'true')

  // The draft outlives the view, the detail, and a reload.
  await goTo(page, 'Board')
  await page.goBack()
  await page.reload()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await expect(editor).toHaveValue('{"method":"POST","path":"/api/coord/locks"')
  await page.getByRole('button', { name: 'Start over' }).click()
  await expect(editor).toHaveValue(/"ttl_hours": "two"/)
  await editor.fill((await editor.inputValue()).replace('"two"', '2'))
  await page.getByRole('button', { name: 'Save and send' }).click()
  await expect.poll(() => stage.ran('queue.edit')).toHaveLength(1)
  const { id, line } = stage.ran('queue.edit')[0] as { id: string; line: string }
  expect(id).toBe('f.1.0')
  expect(line).not.toContain('\n')
  expect(JSON.parse(line)).toMatchObject({ method: 'POST', body: { resource: 'dashboard', ttl_hours: 2 } })
  await expect(notices(page)).toContainText('The edited call waits to be sent.')
  await expect(rowOf(page, /Claim a resource that is not named/)).toBeFocused()
  takeOut('f.1.0')
  await expect(rowOf(page, /2 calls have a field/)).toBeVisible()
  await expect(rowOf(page, /Claim a resource that is not named/)).toBeFocused()
})

test('the same with keys alone; the focus is where it belongs after each act', async () => {
  const page = await stage.open(queueWorld())
  await page.keyboard.press('g')
  await page.keyboard.press('q')
  await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeFocused()
  await page.keyboard.press('j')
  await expect(rowOf(page, /1 call wants what another session holds/)).toBeFocused()
  await page.keyboard.press('j')
  await expect(rowOf(page, /Claim docs for agent-2/)).toBeFocused()
  await expect(page.getByRole('heading', { level: 2, name: 'Claim docs for agent-2' })).toBeVisible()

  await page.keyboard.press('r')
  await expect.poll(() => stage.ran('queue.send')).toEqual([{ ids: ['h.0.0'] }])
  takeOut('h.0.0')
  // Its group went with it, so what stood below the call stands in its place.
  await expect(rowOf(page, /Tell LAPTOP-7/)).toBeFocused()
  await expect(page.getByRole('heading', { level: 2, name: /Tell LAPTOP-7/ })).toBeVisible()

  await page.keyboard.press('d')
  await expect(rowOf(page, /Tell LAPTOP-7/)).toHaveCount(0)
  await expect(rowOf(page, /Claim dashboard for docs-writer/)).toBeFocused()
  expect(stage.ran('queue.discard')).toEqual([])
  await page.keyboard.press('u')
  await expect(rowOf(page, /Tell LAPTOP-7/)).toBeVisible()
  await expect(rowOf(page, /Claim dashboard for docs-writer/)).toBeFocused()

  await page.keyboard.press('e')
  await expect(page.getByRole('textbox', { name: 'The call, as JSON' })).toBeFocused()
  await page.keyboard.press('Control+Home')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Edit', exact: true })).toBeFocused()
  await page.keyboard.press('e')
  await page.keyboard.press('Control+Enter')
  await expect.poll(() => stage.ran('queue.edit')).toHaveLength(1)
  await expect(rowOf(page, /Claim a resource that is not named/)).toBeFocused()
  await page.keyboard.press('Home')
  await expect(rowOf(page, /3 calls have a field/)).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await expect(rowOf(page, /Claim dashboard/)).toHaveCount(0)
  await expect(rowOf(page, /3 calls have a field/)).toBeFocused()
})

test('a discarded call is gone after ten seconds, and only then told to the engine', async () => {
  const page = await stage.open(queueWorld())
  await stopClock(page)
  await goTo(page, 'Queue')
  await rowOf(page, /Release lock 8817/).click()
  await page.getByRole('button', { name: 'Discard', exact: true }).click()
  await expect(notices(page)).toContainText('Discarding 1 call…')
  await expect(rowOf(page, /Release lock 8817/)).toHaveCount(0)
  await page.evaluate(() => (location.hash = '#/queue/g.0.0'))
  await expect(page.getByText('It is about to be discarded.')).toBeVisible()
  // As long as it can be called off, nothing says that it was done, and the way back stays.
  await page.clock.runFor(9_000)
  expect(stage.ran('queue.discard')).toEqual([])
  await expect(page.getByText(/calls? discarded\.$/)).toHaveCount(0)
  await expect(notices(page).getByRole('button')).toHaveText(['UndoU'])
  await page.clock.runFor(2_000)
  await expect.poll(() => stage.ran('queue.discard')).toEqual([{ ids: ['g.0.0'] }])
  await expect(notices(page)).toContainText('1 call discarded.')
  // The voice, too, says what is so now: it speaks at most once in three seconds.
  await page.clock.runFor(3_000)
  await expect(page.getByText('Discarding 1 call…')).toHaveCount(0)
})

test('a whole group at once: sent after its calls were named, discarded with an undo', async () => {
  const page = await stage.open(queueWorld())
  await goTo(page, 'Queue')
  await page.getByRole('button', { name: 'Send all… 3 calls have a field' }).click()
  const question = page.getByRole('alertdialog', { name: 'Send 3 calls again?' })
  await expect(question.getByRole('listitem')).toHaveText([
    'Tell LAPTOP-7/claude-main: Schema step 3',
    'Claim dashboard for docs-writer',
    'Claim a resource that is not named for docs-writer',
  ])
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expectAccessible(page)
  await question.getByRole('button', { name: 'Send all' }).click()
  await expect.poll(() => stage.ran('queue.send')).toEqual([{ ids: ['f.0.0', 'f.1.0', 'f.2.0'] }])
  await rowOf(page, /3 calls have a field/).focus()
  await page.keyboard.press('d')
  await expect(rowOf(page, /calls have a field/)).toHaveCount(0)
  await expect(page.locator('[role=row]:focus')).toHaveCount(1)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(rowOf(page, /3 calls have a field/)).toBeVisible()
})

test('of several acts that can be undone only the newest carries the key that undoes it', async () => {
  const page = await stage.open(queueWorld())
  await stopClock(page)
  await goTo(page, 'Queue')
  for (const name of [/Release lock 8817/, /Claim dashboard for docs-writer/]) {
    await rowOf(page, name).click()
    await page.getByRole('button', { name: 'Discard', exact: true }).click()
    await expect(rowOf(page, name)).toHaveCount(0)
  }
  await expect(notices(page).getByRole('button')).toHaveText(['Undo', 'UndoU'])
  await page.keyboard.press('u')
  await expect(rowOf(page, /Claim dashboard for docs-writer/)).toBeVisible()
  await expect(rowOf(page, /Release lock 8817/)).toHaveCount(0)
  await expect(notices(page).getByRole('button')).toHaveText(['UndoU'])
})

test('a question whose engine is lost meanwhile: its act is off and says why, Cancel is not', async () => {
  const page = await stage.open(queueWorld())
  await goTo(page, 'Queue')
  await page.getByRole('button', { name: 'Send all… 3 calls have a field' }).click()
  const question = page.getByRole('alertdialog', { name: 'Send 3 calls again?' })
  const send = question.getByRole('button', { name: 'Send all' })
  await expect(send).not.toHaveAttribute('aria-disabled', 'true')
  await stage.engine.stop()
  await expect(send).toHaveAttribute('aria-disabled', 'true')
  await expect(question).toContainText('Coord Tray does not answer, so this cannot be done now.')
  await send.press('Enter')
  await expect(question).toBeVisible()
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect(question).toHaveCount(0)
})

test('what cannot be sent as it is has no such button, alone or in its group', async () => {
  const page = await stage.open(queueWorld())
  await goTo(page, 'Queue')
  for (const name of [/POST \/api\/other\/thing/, /\{"ts":"2026-05-12T15:30:00Z"/]) {
    await rowOf(page, name).click()
    await expect(page.getByRole('button', { name: 'Edit', exact: true })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Send again' })).toHaveCount(0)
    await rowOf(page, name).focus()
    await page.keyboard.press('r')
  }
  expect(stage.ran('queue.send')).toEqual([])
})

test('copies a call as curl', async () => {
  const page = await stage.open(queueWorld(), { permissions: ['clipboard-read', 'clipboard-write'] })
  await goTo(page, 'Queue')
  await rowOf(page, /Claim docs for agent-2/).click()
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  await expect(notices(page)).toContainText('Copied')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
    /^curl .*'http:\/\/127\.0\.0\.1:8001\/api\/coord\/locks'$/,
  )
})

test('a call that could not be read is not said to be gone, unless the engine says so', async () => {
  let code: 'storage' | 'not-found' = 'storage'
  stage.answer({
    'queue.show': () => {
      refuse(code, 'the disk')
    },
  })
  const page = await stage.open(queueWorld())
  await goTo(page, 'Queue')
  await rowOf(page, /Claim dashboard for docs-writer/).click()
  await expect(page.getByText('It cannot be read now.')).toBeVisible()
  await expect(page.getByText('It has ended meanwhile.')).toHaveCount(0)
  code = 'not-found'
  await rowOf(page, /Claim docs for agent-2/).click()
  await expect(page.getByText('It has ended meanwhile.')).toBeVisible()
})

test('a component call can be sent in the other form', async () => {
  const page = await stage.open(queueWorld())
  await goTo(page, 'Queue')
  await rowOf(page, /Set mcp to built/).click()
  await page.getByRole('button', { name: 'Send in the other form' }).click()
  await expect.poll(() => stage.ran('queue.edit')).toHaveLength(1)
  const { id, line } = stage.ran('queue.edit')[0] as { id: string; line: string }
  expect(id).toBe('o.0.0')
  expect(JSON.parse(line)).toMatchObject({
    path: '/api/coord/components',
    body: { project_key: 'claudetools', component: 'mcp', state: 'built' },
  })
})

test('the holder of what was refused is linked to its lock, where the list has it', async () => {
  const page = await stage.open(queueWorld())
  await goTo(page, 'Queue')
  await rowOf(page, /Claim docs for agent-2/).click()
  await expect(page.getByRole('link', { name: 'LAPTOP-7/other' })).toHaveAttribute('href', '#/locks/5')
  stage.engine.set((was) => ({ ...was, locks: [] }))
  await expect(page.getByRole('link', { name: 'LAPTOP-7/other' })).toHaveCount(0)
  await expect(page.getByText('(its lock is not in the list now)')).toBeVisible()
})

test('more than can be listed is acted on by its number, and what stays is said', async () => {
  const base = queueWorld()
  const page = await stage.open({
    ...base,
    workspaces: base.workspaces.map((one, at) => (at === 0 ? { ...one, setAsideCount: 2_500 } : one)),
  })
  await goTo(page, 'Queue')
  await expect(rowOf(page, /2,496 more set aside, older than these/)).toBeVisible()
  await page.getByRole('button', { name: /^Send all of gururmm/ }).click()
  await expect(page.getByRole('alertdialog')).toContainText('Send 2,500 calls again?')
  await page.getByRole('button', { name: 'Send all', exact: true }).click()
  await expect(notices(page)).toContainText('2,498 calls to be sent, 2 stay.')
  expect(stage.ran('queue.all')).toEqual([
    { workspace: '/home/mike/projects/gururmm', end: 'set-aside', act: 'send' },
  ])
})

test('a call that an address names: narrowed away, folded, beyond the list, gone; each said as it is', async () => {
  const world = queueWorld()
  const page = await stage.open(world)
  await goTo(page, 'Queue')
  await rowOf(page, /Claim docs for agent-2/).click()
  const title = page.getByRole('heading', { level: 2, name: 'Claim docs for agent-2' })
  await expect(title).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type('dashboard')
  await expect(rowOf(page, /Claim docs for agent-2/)).toHaveCount(0)
  await expect(title).toBeVisible()
  await expect(page.getByText('The list is narrowed, and does not show it.')).toBeVisible()
  await expect(page.getByText(/any more/)).toHaveCount(0)
  await page.getByRole('button', { name: 'Show it' }).press('Enter')
  await expect(rowOf(page, /Claim docs for agent-2/)).toBeFocused()
  await expect(page.getByRole('searchbox')).toHaveValue('')
  // A notification or the palette leads to what is folded away.
  await page.evaluate(() => (location.hash = '#/queue/k.0.0'))
  await expect(page.getByText('It is folded away in the list.')).toBeVisible()
  await page.getByRole('button', { name: 'Show it' }).press('Enter')
  await expect(rowOf(page, /Claim server\/ for docs-writer/)).toBeFocused()
  // The engine has it, and the list does not: it is beyond its pages.
  const [known] = world.workspaces[0]?.setAside ?? []
  stage.answer({
    'queue.show': ({ id }: { id: string }) => {
      if (id === 'far.0') return { ...RAWS.get(known?.id ?? ''), id }
      return refuse(id === 'broken.0' ? 'storage' : 'not-found')
    },
  })
  for (const [id, words] of [
    ['far.0', 'It is in the queue, beyond what is listed here.'],
    ['broken.0', 'Whether it is in the queue cannot be read now.'],
    ['gone.0', 'This call is not in the queue any more.'],
    ['waiting%20gone.0', 'This call does not wait any more.'],
  ] as const) {
    await page.evaluate((to) => (location.hash = `#/queue/${to}`), id)
    await expect(page.getByText(words)).toBeVisible()
  }
  await expectAccessible(page)
  await page.setViewportSize({ width: 640, height: 720 })
  await expect(page.getByText('This call does not wait any more.')).toBeVisible()
})

/** The engine's pages of what waits. */
const servePages = (size: () => { from: number; to: number }): void =>
  stage.engine.answer('queue.waiting', ({ offset, limit }) => {
    const { from, to } = size()
    const rows = Array.from({ length: Math.max(0, Math.min(limit, to - from - offset)) }, (_, n) =>
      waitingRow(from + offset + n),
    )
    return { rows, total: to - from }
  })

test('a flush of 10,000 is watched: how many, how fast, how long still, and what came of it', async () => {
  const page = await stage.open(backlog(10_000))
  servePages(() => ({ from: 0, to: 10_000 }))
  const heading = page.getByRole('heading', { level: 1 })
  await page.keyboard.press('g')
  await page.keyboard.press('q')
  await expect(heading).toBeFocused()
  await expect(main(page).getByText('10,000 calls wait to be sent.')).toBeVisible()
  await tabTo(page, page.getByRole('button', { name: 'Send now' }).first())
  await page.keyboard.press('Enter')
  await expect.poll(() => stage.ran('queue.flush')).toEqual([{ workspace: null }])
  await expect(page.getByRole('button', { name: 'Send now' }).first()).toBeFocused()
  for (let done = 0; done <= 3_400; done += 100) {
    stage.engine.set(() => backlog(10_000, done))
    await page.waitForTimeout(60)
  }
  const bar = page.getByRole('progressbar', { name: 'Calls of this flush that have ended' })
  await expect(bar).toHaveAttribute('aria-valuenow', '3400')
  await expect(bar).toHaveAttribute('aria-valuemax', '10000')
  await expect(page.getByText(/^3,400 of 10,000 · [\d,]+\/s · \d+ (s|min) left$/)).toBeVisible()
  await expect(rowOf(page, /Set part-3400 to deployed/)).toBeVisible()
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/queue-flush.png` })
  // Another view, and back: it is the same flush.
  await page.keyboard.press('g')
  await page.keyboard.press('b')
  await expect(heading).toHaveText('Board')
  await expect(heading).toBeFocused()
  stage.engine.set(() => backlog(10_000, 6_000))
  await page.keyboard.press('g')
  await page.keyboard.press('q')
  await expect(heading).toHaveText('Queue')
  await expect(heading).toBeFocused()
  await expect(page.getByText(/^6,000 of 10,000/)).toBeVisible()
  stage.engine.set(() => backlog(10_000, 10_000))
  await expect(page.getByText('10,000 calls delivered.')).toBeVisible()
  await expect(bar).toHaveCount(0)
})

test('all that waits can be reached by keys, to the last of 10,000, while it is paged', async () => {
  const page = await stage.open(backlog(10_000))
  servePages(() => ({ from: 0, to: 10_000 }))
  await goTo(page, 'Queue')
  await page.keyboard.press('j')
  await expect(rowOf(page, /Waiting, in order: 10,000/)).toBeFocused()
  await page.keyboard.press('End')
  // the last row, when all are there, as it would be at once
  await expect(page.locator(':focus')).toHaveAttribute('aria-rowindex', '10002')
  await page.keyboard.press('ArrowUp')
  await expect(rowOf(page, /Set part-9999 to deployed/)).toBeFocused()
  expect(await page.getByRole('row').count()).toBeLessThan(60)
})

test('a call that comes above moves nothing that is looked at', async () => {
  const page = await stage.open(backlog(10_000))
  servePages(() => ({ from: 0, to: 10_000 }))
  await goTo(page, 'Queue')
  await page.locator('[data-list]').evaluate((node) => (node.scrollTop = 600))
  const seen = rowOf(page, /Set part-16 to deployed/)
  const before = (await seen.boundingBox())?.y
  stage.engine.set((was) => ({
    ...was,
    workspaces: was.workspaces.map((one) => ({
      ...one,
      setAside: [aside({ id: 'new.0', cause: 'held', holder: 'A/b', effect: 'claim', resource: 'x' })],
      setAsideCount: 1,
    })),
  }))
  await expect(page.getByText('10,000 waiting', { exact: false }).first()).toBeVisible()
  await page.waitForTimeout(200)
  expect((await seen.boundingBox())?.y).toBe(before)
})

test('offline, then degraded, then online: each said as it is, with what can be done', async () => {
  const connection = (state: 'offline' | 'degraded' | 'online') => ({
    state,
    since: ago(1),
    detail: 'x',
    until: state === 'degraded' ? ago(-2) : null,
  })
  const page = await stage.open({ ...queueWorld(), connection: connection('offline') })
  await goTo(page, 'Queue')
  await expect(
    main(page).getByText(/^Offline\. 12 calls wait, and nothing is lost\. 8 calls were set aside\./),
  ).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send now' })).toHaveCount(0)
  await tabTo(page, page.getByRole('button', { name: 'Ask again now' }))
  await page.keyboard.press('Enter')
  await expect.poll(() => stage.ran('connection.retry')).toHaveLength(1)
  await expect(page.getByRole('button', { name: 'Ask again now' })).toBeFocused()
  stage.engine.set((was) => ({ ...was, connection: connection('degraded') }))
  await expect(main(page).getByText(/^The API asked us to wait until/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Ask again now' })).toBeFocused()
  await page.screenshot({ path: `${SHOTS}/queue-degraded.png` })
  stage.engine.set((was) => ({ ...was, connection: connection('online') }))
  await expect(main(page).getByText(/^12 calls wait to be sent\. 8 calls were set aside\./)).toBeVisible()
  // It stands in the same place.
  await expect(page.getByRole('button', { name: 'Send now' }).first()).toBeFocused()
})

test('another machine’s folder: said, and nothing offered that cannot work there', async () => {
  const base = queueWorld()
  const page = await stage.open({
    ...base,
    workspaces: base.workspaces.map((one) => ({ ...one, owner: 'other-machine' as const })),
  })
  await goTo(page, 'Queue')
  await expect(
    page.getByText('Another machine or container sends these calls; this one watches.').first(),
  ).toBeVisible()
  await rowOf(page, /Claim docs for agent-2/).click()
  await expect(page.getByText('is decided there', { exact: false })).toBeVisible()
  for (const name of ['Send again', 'Edit', 'Discard'])
    await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0)
  await expect(page.getByRole('button', { name: /Send all|Discard all/ })).toHaveCount(0)
  await expect(page.getByRole('button', { name: /^Send now/ })).toHaveCount(0)
})

test('hostile text stays text: no markup, no direction of its own, no hidden character', async () => {
  const evil = 'Approve \u202egpj.exe <img src=x onerror=alert(1)>'
  const page = await stage.open({
    ...backlog(0),
    workspaces: backlog(0).workspaces.map((one) => ({
      ...one,
      name: 'evil\u202efolder',
      problem: `EACCES \u202e${'x'.repeat(300)}`,
      setAside: [
        aside({
          id: 'e.0',
          cause: 'held',
          holder: 'A\u202e/b',
          effect: 'claim',
          resource: evil,
          session: 'E\u202e/x',
          reason: evil,
          status: 409,
          body: { resource: evil },
        }),
        aside({
          id: 'e.1',
          method: null,
          path: null,
          cause: 'torn',
          preview: evil,
          reason: 'torn',
          raw: evil,
        }),
      ],
      setAsideCount: 2,
    })),
  })
  await goTo(page, 'Queue')
  await rowOf(page, /Claim Approve/).click()
  await expect(page.getByRole('heading', { level: 2 }).last()).toContainText(
    'Approve \\u202egpj.exe <img src=x',
  )
  const text = await page.locator('main').innerText()
  expect(text).not.toContain('\u202e')
  await rowOf(page, /^Approve/).click()
  await expect(page.getByRole('region', { name: 'The call as it was queued' })).toContainText(
    '\\u202egpj.exe',
  )
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await expect(page.getByRole('textbox', { name: 'The call, as JSON' })).toHaveValue(/\\u202egpj/)
  await expectAccessible(page)
})
