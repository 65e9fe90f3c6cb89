/** Where the focus is after each act by keys alone: where it went well, and where it failed. It is never nowhere. */
import { expect, test, type Locator, type Page } from '@playwright/test'
import type { AppSnapshot } from '../shared/snapshot.ts'
import { queueWorld } from './support/queue-world.ts'
import {
  goTo,
  hookAnswers,
  notices,
  refuse,
  rowOf,
  viewLink,
  windowStage,
  stopClock,
} from './support/window-stage.ts'
import { ago, asking, busy, empty, firstRun, lock, message, suggestions } from './support/window-world.ts'

const stage = windowStage()
const button = (page: Page, name: string | RegExp): Locator =>
  typeof name === 'string'
    ? page.getByRole('button', { name, exact: true })
    : page.getByRole('button', { name })
const heading = (page: Page, name: string): Locator => page.getByRole('heading', { level: 1, name })
const at = (page: Page, hash: string): Promise<string> => page.evaluate((to) => (location.hash = to), hash)
const failing = (): never => refuse('storage', 'The disk is full')
const said = (page: Page): Promise<void> => expect(notices(page)).toContainText('The disk is full.')

test.describe('Queue', () => {
  test('an edit that cannot be saved keeps the focus, the text and the way to try again', async () => {
    stage.answer({ 'queue.edit': failing })
    const page = await stage.open(queueWorld())
    await at(page, '#/queue/f.1.0')
    await button(page, 'Edit').press('Enter')
    const text = page.getByRole('textbox', { name: 'The call, as JSON' })
    await expect(text).toBeFocused()
    await text.fill((await text.inputValue()).replace('"two"', '2'))
    await button(page, /^Save and send/).press('Enter')
    await said(page)
    await expect(button(page, /^Save and send/)).toBeFocused()
    await text.press('Control+Enter')
    await expect.poll(() => stage.ran('queue.edit')).toHaveLength(2)
    await expect(text).toBeFocused()
    await expect(text).toHaveValue(/"ttl_hours": 2/)
    await button(page, 'Start over').press('Enter')
    await expect(text).toBeFocused()
    await expect(text).toHaveValue(/"two"/)
    await text.fill('{')
    await button(page, /^Save and send/).press('Enter')
    await expect(button(page, /^Save and send/)).toBeFocused()
    expect(stage.ran('queue.edit')).toHaveLength(2)
    await button(page, 'Back').press('Enter')
    await expect(button(page, /^Edit/)).toBeFocused()
  })

  test('a call that cannot be sent keeps the focus on its act; what is sent gives it to the next call', async () => {
    let isBroken = true
    stage.answer({ 'queue.send': () => (isBroken ? failing() : null) })
    const page = await stage.open(queueWorld())
    await at(page, '#/queue/h.0.0')
    await button(page, /^Send again/).press('Enter')
    await said(page)
    await expect(button(page, /^Send again/)).toBeFocused()
    isBroken = false
    await page.keyboard.press('Enter')
    await expect(page.locator('[role=row]:focus')).toHaveCount(1)
    await expect(page.locator('[role=row]:focus')).toHaveAttribute('aria-selected', 'true')
  })

  test('a group: Cancel leads back to its act, as does a failure', async () => {
    stage.answer({ 'queue.send': failing })
    const page = await stage.open(queueWorld())
    await goTo(page, 'Queue')
    const act = button(page, /^Send all… 3 calls/)
    await act.press('Enter')
    await expect(button(page, 'Cancel')).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(act).toBeFocused()
    await page.keyboard.press('Enter')
    await button(page, 'Send all').press('Enter')
    await said(page)
    await expect(act).toBeFocused()
  })
})

test.describe('Now', () => {
  const wanted = (id: string): AppSnapshot['attention'][number] => ({
    kind: 'lock-wanted',
    id,
    resource: `res-${id}`,
    project: 'gururmm',
    session: `DESKTOP-1/s-${id}`,
    by: 'LAPTOP-7/x',
    at: ago(5),
    askedAt: null,
  })
  const held = (id: string, activeAgo: number) =>
    lock(id, `DESKTOP-1/s-${id}`, `res-${id}`, {
      lastActivityAt: ago(activeAgo),
      acquiredAt: ago(300),
      refused: [{ session: 'LAPTOP-7/x', at: ago(5), isWaiting: true }],
    })
  const world = (): AppSnapshot => ({
    ...empty(),
    workspaces: busy().workspaces.slice(1),
    locks: [held('idle', 90), held('busy', 1)],
    attention: [wanted('idle'), wanted('busy')],
  })

  test('a release is put off as it is on Locks; the next row has the focus, and Undo brings the row back', async () => {
    const page = await stage.open(world())
    await stopClock(page)
    await page.keyboard.press('j')
    await expect(rowOf(page, /res-idle/)).toBeFocused()
    await page.keyboard.press('r')
    await expect(notices(page)).toContainText('Releasing res-idle (gururmm) and telling who waits…')
    await expect(rowOf(page, /res-idle/)).toHaveCount(0)
    await expect(rowOf(page, /res-busy/)).toBeFocused()
    // What is said counts what is shown.
    await expect(page.getByRole('heading', { name: '1 thing needs you' })).toBeVisible()
    await expect(viewLink(page, 'Now')).toHaveText(/1, 1 thing needs you/)
    await page.keyboard.press('u')
    await expect(rowOf(page, /res-idle/)).toBeVisible()
    await expect(page.getByRole('heading', { name: '2 things need you' })).toBeVisible()
    await page.clock.runFor(11_000)
    expect(stage.ran('lock.release')).toEqual([])
    await rowOf(page, /res-idle/).press('r')
    await expect(rowOf(page, /res-busy/)).toBeFocused()
    await page.clock.runFor(11_000)
    await expect.poll(() => stage.ran('lock.release')).toEqual([{ id: 'idle', force: false, tell: true }])
    await expect(notices(page)).toContainText('1 lock released.')
  })

  test('of a session at work it is asked first, as on Locks; Cancel and a failure lead back to the act', async () => {
    let isBroken = true
    stage.answer({
      'lock.release': () => (isBroken ? failing() : { released: 1, queued: 0, refused: [], told: 1 }),
    })
    const page = await stage.open(world())
    const release = rowOf(page, /res-busy/).getByRole('button', { name: /^Release/ })
    await rowOf(page, /res-busy/).focus()
    await release.press('Enter')
    const question = page.getByRole('alertdialog', { name: 'This session is still at work' })
    await expect(question).toContainText('res-busy (gururmm)')
    await expect(button(page, 'Cancel')).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(release).toBeFocused()
    await page.keyboard.press('Enter')
    await button(page, 'Release anyway').press('Enter')
    await said(page)
    await expect(release).toBeFocused()
    isBroken = false
    await page.keyboard.press('Enter')
    await button(page, 'Release anyway').press('Enter')
    await expect(notices(page)).toContainText('1 lock released. 1 session is told that it is free.')
    stage.engine.set((was) => ({ ...was, attention: was.attention.slice(0, 1) }))
    await expect(rowOf(page, /res-idle/)).toBeFocused()
  })

  test('the same lock is dealt with the same way on Locks', async () => {
    const page = await stage.open(world())
    await goTo(page, 'Locks')
    await rowOf(page, /^res-idle/).press('r')
    await expect(notices(page)).toContainText('Releasing res-idle (gururmm) and telling who waits…')
    await rowOf(page, /^res-busy/).press('r')
    await expect(page.getByRole('alertdialog', { name: 'This session is still at work' })).toBeVisible()
  })

  test('a holder that was asked: the act goes, and what stands beside it has the focus', async () => {
    let isBroken = true
    stage.answer({
      'lock.ask': () => {
        if (isBroken) failing()
        stage.engine.set((was) => ({
          ...was,
          attention: was.attention.map((one) =>
            one.kind === 'lock-wanted' && one.id === 'idle' ? { ...one, askedAt: ago(0) } : one,
          ),
        }))
        return { id: '1', queued: false }
      },
    })
    const page = await stage.open(world())
    const row = rowOf(page, /res-idle/)
    await row.focus()
    await row.getByRole('button', { name: /^Ask holder/ }).press('Enter')
    await said(page)
    await expect(row.getByRole('button', { name: /^Ask holder/ })).toBeFocused()
    isBroken = false
    await page.keyboard.press('Enter')
    await expect(row).toContainText('asked just now')
    await expect(row.getByRole('button', { name: /^Ask holder/ })).toHaveCount(0)
    // The row itself, or an act of it.
    await expect(row.locator(':focus').or(page.locator('[role=row]:focus'))).toHaveCount(1)
  })

  test('a tool that goes gives the focus to the one that stands there then', async () => {
    const page = await stage.open({ ...busy(), connection: { ...busy().connection, state: 'offline' } })
    stage.answer({
      'connection.retry': () => {
        stage.engine.set((was) => ({ ...was, connection: { ...was.connection, state: 'online' } }))
        return null
      },
      'queue.flush': () => {
        stage.engine.set((was) => ({
          ...was,
          workspaces: was.workspaces.map((one) => ({ ...one, waiting: 0, next: [] })),
          totals: { ...was.totals, waiting: 0 },
        }))
        return { delivered: 84, setAside: 0, skipped: 0, waiting: 0 }
      },
    })
    await button(page, 'Ask again now').press('Enter')
    await expect(button(page, 'Send waiting calls now')).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(button(page, 'Send waiting calls now')).toHaveCount(0)
    await expect(button(page, /^Search or run a command/)).toBeFocused()
  })
})

test.describe('Locks', () => {
  test('a forced release: a failure leads back to the act, what is released gives the focus to the list', async () => {
    let isBroken = true
    stage.answer({
      'lock.release': () => {
        if (isBroken) failing()
        stage.engine.set((was) => ({ ...was, locks: was.locks.filter((one) => one.id !== '4') }))
        return { released: 1, queued: 0, refused: [], told: 0 }
      },
    })
    const page = await stage.open(busy())
    await at(page, '#/locks/4')
    await button(page, /^Force release…/).press('Enter')
    await button(page, 'Release it').press('Enter')
    await said(page)
    await expect(button(page, /^Force release…/)).toBeFocused()
    isBroken = false
    await page.keyboard.press('Enter')
    await button(page, 'Release it').press('Enter')
    await expect(page.getByText('This lock is not held any more.')).toBeVisible()
    await expect(page.locator('[role=row]:focus')).toHaveCount(1)
  })

  test('all of this machine: the act goes with the last lock, and the focus stays in the view', async () => {
    stage.answer({
      'machine.releaseAll': () => {
        stage.engine.set((was) => ({
          ...was,
          locks: was.locks.filter((one) => !one.isMine),
          totals: { ...was.totals, locksMine: 0 },
        }))
        return { released: 3, queued: 0, refused: [] }
      },
    })
    const page = await stage.open(busy())
    await goTo(page, 'Locks')
    await button(page, /^Release all of this machine/).press('Enter')
    await button(page, 'Release all').press('Enter')
    await expect(button(page, /^Release all of this machine/)).toHaveCount(0)
    await expect(page.locator('main :focus')).toHaveCount(1)
  })
})

test.describe('Messages', () => {
  test('mark read: Cancel and a failure lead back to the act; where it goes, the focus goes on', async () => {
    let isBroken = true
    stage.answer({
      'message.read': ({ id }: { id: string }) => {
        if (isBroken) failing()
        stage.engine.set((was) => ({ ...was, messages: was.messages.filter((one) => one.id !== id) }))
        return null
      },
    })
    const page = await stage.open({ ...busy(), messages: [message(1), message(2)] })
    await at(page, '#/messages/m1')
    const letter = page.getByRole('article').filter({ hasText: 'Schema step 1' })
    const act = letter.getByRole('button', { name: 'Mark read for the session…' })
    await act.press('Enter')
    await page.keyboard.press('Escape')
    await expect(act).toBeFocused()
    await page.keyboard.press('Enter')
    await button(page, 'Mark read').press('Enter')
    await said(page)
    await expect(act).toBeFocused()
    isBroken = false
    await page.keyboard.press('Enter')
    await button(page, 'Mark read').press('Enter')
    await expect(act).toHaveCount(0)
    await expect(page.getByRole('textbox', { name: 'Answer' })).toBeFocused()
  })

  test('seen all, an answer to another one, a new message: each with its failure', async () => {
    let isBroken = true
    stage.answer({
      'message.seen': ({ ids }: { ids: readonly string[] }) => {
        if (isBroken) failing()
        stage.engine.set((was) => ({
          ...was,
          messages: was.messages.map((one) => (ids.includes(one.id) ? { ...one, isSeen: true } : one)),
        }))
        return null
      },
      'message.send': () => (isBroken ? failing() : { id: '1', queued: false }),
    })
    const page = await stage.open({ ...busy(), messages: [message(1), message(2, { from: 'SRV-DB/x' })] })
    await goTo(page, 'Messages')
    await button(page, 'Seen all').press('Enter')
    await said(page)
    await expect(button(page, 'Seen all')).toBeFocused()
    await button(page, 'New message').press('Enter')
    await expect(page.getByLabel('To (MACHINE/NAME)')).toBeFocused()
    await page.getByLabel('Broadcast: to every session').press('Space')
    await page.getByLabel('Project', { exact: true }).fill('gururmm')
    await page.getByLabel('Subject').fill('All')
    await button(page, 'Send').press('Enter')
    await expect.poll(() => stage.ran('message.send')).toHaveLength(1)
    await expect(button(page, 'Send')).toBeFocused()
    // Begun as a broadcast and come back to: the first field that can be written in.
    await goTo(page, 'Board')
    await page.goBack()
    await expect(page.getByLabel('Broadcast: to every session')).toBeFocused()
    isBroken = false
    await button(page, 'Send').press('Enter')
    await expect(page.getByRole('heading', { name: 'New message' })).toHaveCount(0)
    await expect(page.locator('main :is([role=row], h1):focus')).toHaveCount(1)
    await button(page, 'Seen all').press('Enter')
    await expect(button(page, 'Seen all')).toHaveCount(0)
    await expect(heading(page, 'Messages')).toBeFocused()
  })

  test('a message that was picked to be answered, and is not', async () => {
    const page = await stage.open({ ...busy(), messages: [message(1), message(2)] })
    await at(page, '#/messages/m1')
    await page
      .getByRole('article')
      .filter({ hasText: 'Schema step 2' })
      .getByRole('button', { name: /^Quote/ })
      .press('Enter')
    const answer = page.getByRole('textbox', { name: 'Answer' })
    await expect(answer).toBeFocused()
    await button(page, 'Answer the newest instead').press('Enter')
    await expect(answer).toBeFocused()
  })

  test('the key that answers waits for its conversation', async () => {
    const page = await stage.open({ ...busy(), messages: [message(1), message(2, { from: 'SRV-DB/x' })] })
    await goTo(page, 'Messages')
    await rowOf(page, /SRV-DB\/x/).press('a')
    await expect(page.getByRole('textbox', { name: 'Answer' })).toBeFocused()
    await expect(page.getByText('To SRV-DB/x')).toBeVisible()
  })
})

test.describe('the first run', () => {
  test('what fails keeps the focus; what is done leads on, to the window at last', async () => {
    let isBroken = true
    const hooks = hookAnswers()
    stage.answer({
      ...hooks,
      'settings.update': (change: object) => {
        if (isBroken) failing()
        stage.engine.set((was) => ({ ...was, settings: { ...was.settings, ...change } }))
        return null
      },
      'hooks.install': () => (isBroken ? failing() : hooks['hooks.install']?.(null as never)),
    })
    const page = await stage.open(firstRun())
    await button(page, 'Save and go on').press('Enter')
    await said(page)
    await expect(button(page, 'Save and go on')).toBeFocused()
    isBroken = false
    await page.keyboard.press('Enter')
    await expect(heading(page, 'Connect your sessions')).toBeFocused()
    isBroken = true
    await button(page, 'Write the hooks').press('Enter')
    await expect.poll(() => stage.ran('hooks.install')).toHaveLength(1)
    await expect(button(page, 'Write the hooks')).toBeFocused()
    // A button that is at work takes no second press.
    await expect(button(page, 'Write the hooks')).toBeEnabled()
    isBroken = false
    await page.keyboard.press('Enter')
    await expect(page.getByText('Waiting for the first call…')).toBeVisible()
    // The way forward is the next thing there.
    await expect(button(page, 'Later')).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(heading(page, 'Now')).toBeFocused()
  })

  test('put off, it leads to the window', async () => {
    const page = await stage.open(firstRun())
    await button(page, 'All of them').press('Enter')
    await expect(button(page, 'None of them')).toBeFocused()
    await button(page, 'Later').press('Enter')
    await expect(heading(page, 'Now')).toBeFocused()
  })
})

test.describe('Settings', () => {
  test('what cannot be saved keeps the focus where it is', async () => {
    stage.answer({ 'settings.update': failing })
    const page = await stage.open({ ...busy(), suggestions })
    await goTo(page, 'Settings')
    const act = async (control: Locator, key = 'Enter'): Promise<void> => {
      const before = stage.ran('settings.update').length
      await control.press(key)
      await expect.poll(() => stage.ran('settings.update').length).toBe(before + 1)
      await expect(control).toBeFocused()
    }
    await page.getByRole('textbox', { name: 'Another session' }).fill('DESKTOP-1/new')
    await act(button(page, 'Add session'))
    await act(page.getByLabel('Hide the content'), 'Space')
    await expect(page.getByLabel('Hide the content')).not.toBeChecked()
    await page.getByRole('textbox', { name: 'Path of a folder' }).fill('/srv/x')
    await expect(page.getByText('A project folder.')).toBeVisible()
    await act(button(page, 'Watch it'))
    await page.getByRole('radio', { name: 'Join the team\u2019s API' }).press('Space')
    await page.getByRole('textbox', { name: 'Address of the API' }).fill('http://coord.test:8001')
    await act(button(page, 'Save the address'))
    await act(button(page, /^Watch all/))
    const stop = button(page, 'Stop watching gururmm')
    await rowOf(page, /^gururmm/).focus()
    await act(stop)
  })

  test('what goes with its act hands the focus on', async () => {
    stage.answer({
      'notifications.mute': ({ project }: { project: string | null }) => {
        const until = ago(-60)
        stage.engine.set((was) => ({
          ...was,
          settings: { ...was.settings, mutedProjects: project === null ? [] : [{ project, until }] },
        }))
        return { until }
      },
    })
    const page = await stage.open({ ...busy(), suggestions })
    await goTo(page, 'Settings')
    await button(page, /^Watch all/).press('Enter')
    await expect(button(page, /^Watch all/)).toHaveCount(0)
    await expect(page.locator('main :focus')).toHaveCount(1)
    // The only project that could be muted: both acts go.
    await button(page, 'Mute gururmm for an hour').press('Enter')
    await expect(button(page, 'Mute gururmm for an hour')).toHaveCount(0)
    await expect(page.locator('main :focus')).toHaveCount(1)
  })
})

test('Check: its acts keep the focus, whatever comes of them', async () => {
  stage.answer({ 'check.run': failing, 'notifications.test': failing })
  const page = await stage.open(busy())
  await goTo(page, 'Check')
  for (const name of ['Check again', 'Send a test notification']) {
    await button(page, name).press('Enter')
    await said(page)
    await expect(button(page, name)).toBeFocused()
  }
})

test('quitting: what is chosen while it has begun already moves no focus', async () => {
  stage.answer({ 'app.quit': failing })
  const page = await stage.open(asking())
  await button(page, 'Keep locks and quit').press('Enter')
  await expect(page.getByRole('dialog').getByText('The disk is full.')).toBeVisible()
  await expect(button(page, 'Keep locks and quit')).toBeFocused()
  const remember = page.getByLabel(/Remember my choice/)
  await remember.press('Space')
  await expect(remember).toBeChecked()
  // Begun from the tray's menu.
  stage.engine.set((was) => ({ ...was, quit: { isAsking: false, isReleasing: true } }))
  await expect(page.getByRole('dialog', { name: 'Quitting…' })).toBeVisible()
  await expect(remember).toBeFocused()
  await page.keyboard.press('Space')
  await expect(remember).toBeChecked()
})

test('the palette takes the focus along to where it leads', async () => {
  const page = await stage.open(busy())
  await viewLink(page, 'Now').focus()
  for (const [words, name] of [
    ['board', 'Board'],
    ['queue', 'Queue'],
  ] as const) {
    await page.keyboard.press('Control+k')
    await expect(page.getByRole('combobox')).toBeFocused()
    await page.keyboard.type(words)
    await expect(page.getByRole('option').first()).toContainText(name)
    await page.keyboard.press('Enter')
    await expect(heading(page, name)).toBeFocused()
  }
  await page.keyboard.press('1')
  await page.keyboard.press('j')
  await expect(rowOf(page, /set aside/)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Queue')).toBeFocused()
  // What it opened takes its keys from the heading, as the buttons of the detail say.
  await page.keyboard.press('Control+k')
  await page.keyboard.type('agent/src')
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Locks')).toBeFocused()
  await expect(page.getByRole('heading', { level: 2, name: 'agent/src' })).toBeVisible()
  await page.keyboard.press('a')
  await expect.poll(() => stage.ran('message.send')).toHaveLength(1)
  // The second key of a way is none of the detail's.
  await page.keyboard.press('g')
  await page.keyboard.press('q')
  await expect(heading(page, 'Queue')).toBeFocused()
  await page.goBack()
  await heading(page, 'Locks').focus()
  await page.keyboard.press('Escape')
  await expect(rowOf(page, /^agent\/src/)).toBeFocused()
})

test('no timer stands between an act and where the focus goes: with the clock stopped it goes there, too', async () => {
  const page = await stage.open({ ...queueWorld(), messages: [message(1), message(2)] })
  for (const view of ['Queue', 'Messages', 'Locks']) await goTo(page, view)
  await stopClock(page)

  await at(page, '#/messages/m1')
  await button(page, /^Quote/)
    .first()
    .press('Enter')
  await expect(page.getByRole('textbox', { name: 'Answer' })).toBeFocused()

  await at(page, '#/queue/f.1.0')
  await button(page, 'Edit').press('Enter')
  await button(page, 'Back').press('Enter')
  await expect(button(page, /^Edit/)).toBeFocused()
  await page.getByRole('searchbox', { name: 'Filter calls' }).fill('no call has these words')
  await button(page, 'Show it').press('Enter')
  const row = page.locator('[role=row][aria-selected=true]')
  await expect(row).toBeFocused()
  await page.getByRole('searchbox', { name: 'Filter calls' }).fill('no call has these words')
  await button(page, 'Show all').press('Enter')
  await expect(row).toBeFocused()
  await at(page, '#/queue/f.1.0')
  await button(page, 'Discard').press('Enter')
  await expect(row).toBeFocused()
  await button(page, 'Close').press('Enter')
  await expect(page.locator('[role=row]:focus')).toHaveCount(1)

  await viewLink(page, 'Now').focus()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('board')
  await page.keyboard.press('Enter')
  await expect(heading(page, 'Board')).toBeFocused()
})
