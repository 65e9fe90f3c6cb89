/** The desktop's life on doubles, where every system does the same, and where Linux does as it does. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { FakeEvent, fileOf, type FakeNotification } from './testing/fake-electron.ts'
import { removeDirs, startDesktop } from './testing/start-desktop.ts'
import { DESTROY_AFTER_MS } from './window.ts'

afterEach(() => {
  vi.useRealTimers()
  removeDirs()
})
it('does in order what must come before ready', async () => {
  const { calls, seen } = await startDesktop()
  expect(calls.slice(0, calls.indexOf('ready') + 1)).toEqual([
    'requestSingleInstanceLock {"isHidden":false}',
    'crashReporter.start {"uploadToServer":false}',
    'enableSandbox',
    'disableHardwareAcceleration',
    'appendSwitch "disable-gpu"',
    'registerSchemesAsPrivileged',
    'setApplicationMenu null',
    'ready',
  ])
  expect(seen.schemes).toEqual([
    {
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: false, codeCache: true },
    },
  ])
})

/** As Chromium leaves it: a link that names the computer and the process of the one that runs. */
const lockHeld = (userData: string, holder = hostname(), pid = process.pid): void =>
  symlinkSync(`${holder}-${pid}`, join(userData, 'SingletonLock'))

it('a second start ends at once, touches nothing and says that one runs', async () => {
  const { calls, seen, told } = await startDesktop({
    with: ({ seen: own, electron }) => {
      own.hasInstanceLock = false
      lockHeld(electron.app.getPath('userData'))
    },
  })
  expect(calls).toEqual(['requestSingleInstanceLock {"isHidden":false}', 'exit 0'])
  expect(seen.trays).toEqual([])
  expect(told.stderr).toEqual(['Coord Tray runs already; this start ends.\n'])
})

/** A process number that nobody has. */
const NOBODY = 2 ** 22 + 1

it.each([
  ['no lock could be made', () => undefined],
  ['its holder is gone', (dir: string) => lockHeld(dir, hostname(), NOBODY)],
  ['another computer holds it', (dir: string) => lockHeld(dir, 'elsewhere')],
] as const)('a lock that is refused where none runs here is said, and is a failure: %s', async (_, make) => {
  const { calls, seen, told } = await startDesktop({
    with: ({ seen: own, electron }) => {
      own.hasInstanceLock = false
      make(electron.app.getPath('userData'))
    },
  })
  expect(told.stderr.join('')).toMatch(/could not be locked/)
  expect(calls.find((call) => call.startsWith('showErrorBox'))).toMatch(/Coord Tray cannot start/)
  expect([calls.at(-1), seen.trays.length]).toEqual(['exit 1', 0])
})

it('a data folder that is a file is said on the screen and on stderr, exit 1, before any lock', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-file-'))
  const file = join(dir, 'home')
  writeFileSync(file, '')
  const { calls, seen, told } = await startDesktop({ dataFolders: [file] })
  expect(told.stderr.join('')).toContain(`The data folder is no folder: ${file}`)
  expect(calls.find((call) => call.startsWith('showErrorBox'))).toContain('COORD_HOME')
  expect([calls.at(-1), seen.trays.length]).toEqual(['exit 1', 0])
  expect(calls.some((call) => call.startsWith('requestSingleInstanceLock'))).toBe(false)
  rmSync(dir, { recursive: true })
})

it('a data folder that cannot be written keeps nobody from the window of the one that runs', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-file-'))
  writeFileSync(join(dir, 'home'), '')
  const { calls } = await startDesktop({
    dataFolders: [join(dir, 'home')],
    with: ({ seen: own, electron }) => {
      own.hasInstanceLock = false
      lockHeld(electron.app.getPath('userData'))
    },
  })
  expect(calls.at(-1)).toBe('exit 0')
  rmSync(dir, { recursive: true })
})

it('a second start shows the window of the first; a hidden one does not', async () => {
  const { electron, window } = await startDesktop({ argv: ['--hidden'] })
  electron.app.emit('second-instance', new FakeEvent(), [], '/', { isHidden: true })
  expect(window()).toBeUndefined()
  electron.app.emit('second-instance', new FakeEvent(), [], '/', { isHidden: false })
  expect(window()).toBeDefined()
})

it('a second start before the engine is there is not forgotten', async () => {
  const { window } = await startDesktop({
    whileJoining: ({ electron }) =>
      electron.app.emit('second-instance', new FakeEvent(), [], '/', { isHidden: false }),
  })
  expect(window()).toBeDefined()
})

it('makes no window by itself', async () => {
  const { seen } = await startDesktop()
  expect(seen.windows).toEqual([])
})

it('draws for the dark bar of GNOME, with a sharper picture beside it', async () => {
  const { seen } = await startDesktop({ env: { XDG_CURRENT_DESKTOP: 'ubuntu:GNOME' } })
  const image = seen.trays[0]!.image as unknown as { path: string; double: Buffer }
  expect([image.path, String(image.double)]).toEqual([
    '/dist/icons/idle-dark-22.png',
    '/dist/icons/idle-dark-44.png',
  ])
})

it('sleep, lock and battery reach the engine', async () => {
  const { electron, told } = await startDesktop({ with: ({ seen }) => (seen.isOnBattery = true) })
  for (const name of ['on-ac', 'suspend', 'resume', 'lock-screen', 'unlock-screen', 'on-battery'])
    electron.powerMonitor.emit(name)
  expect(told.events.filter(({ kind }) => kind !== 'notifier.changed')).toEqual([
    { kind: 'power.source-changed', isOnBattery: true },
    { kind: 'power.source-changed', isOnBattery: false },
    { kind: 'power.suspended' },
    { kind: 'power.resumed' },
    { kind: 'screen.locked' },
    { kind: 'screen.unlocked' },
    { kind: 'power.source-changed', isOnBattery: true },
  ])
})

it('updates tooltip, picture and menu in place', async () => {
  const { seen, say } = await startDesktop({ env: { XDG_CURRENT_DESKTOP: 'KDE' } })
  const [tray] = seen.trays
  const before = tray!.menu
  say.view!({ icon: 'idle', isSilent: false, count: 0, tooltip: 'one', menu: [] })
  say.view!({
    icon: 'waiting',
    isSilent: false,
    count: 0,
    tooltip: 'Q & A',
    menu: [{ kind: 'text', label: 'Q & A' }],
  })
  await expect.poll(() => tray!.tooltip).toBe('Q & A')
  expect(fileOf(tray!.image)).toBe('/dist/icons/waiting-light-22.png')
  expect(tray!.menu).toEqual([{ label: 'Q && A', enabled: false }])
  expect(before).not.toBe(tray!.menu)
  expect(seen.trays).toHaveLength(1)
})

it('the log is one click away, and is shown in its folder where no program opens it', async () => {
  const { seen, say, told, calls } = await startDesktop({
    with: ({ seen: own }) => (own.openPathAnswer = 'no application'),
  })
  const item = seen.trays[0]!.menu.find(({ label }) => label === 'Show log')
  item!.click!({} as never, undefined, {})
  expect(told.commands).toEqual([['app.openLog', null]])
  say.hooks!.openPath('/home/me/coord.log')
  await expect.poll(() => calls.at(-1)).toBe('showItemInFolder "/home/me/coord.log"')
})

it('a click on a notification says which and opens the window', async () => {
  const { seen, say, told, window, bus } = await startDesktop()
  say.notify!([{ id: 'm1', title: 't', body: '<b> & </b>', isUrgent: false }], [])
  expect(seen.notifications[0]!.options.body).toBe('&lt;b&gt; &amp; &lt;/b&gt;')
  seen.notifications[0]!.emit('click')
  expect(bus.acted).toBe(1)
  expect(told.clicked).toEqual(['m1'])
  expect(window()).toBeDefined()
})

const view = (id: string) => ({ id, title: id, body: 'b', isUrgent: false })
const titles = (seen: { notifications: readonly FakeNotification[] }): readonly unknown[] =>
  seen.notifications.map(({ options }) => options.title)

it('notification service: none, one that comes, ends and comes again is told to the engine as a code', async () => {
  const { seen, say, told, outcomes, bus } = await startDesktop({ service: 'absent' })
  say.notify!([view('m1')], [])
  expect([seen.notifications.length, outcomes()]).toEqual([
    0,
    [
      {
        kind: 'notification.failed',
        notificationId: 'm1',
        why: 'this desktop has no notification service',
      },
    ],
  ])
  for (const presence of ['running', 'absent', 'startable', 'running'] as const)
    bus.notifications.becomes(presence)
  expect(told.events.flatMap((event) => (event.kind === 'notifier.changed' ? [event.state] : []))).toEqual([
    'none',
    'there',
    'died',
    'there',
    'there',
  ])
})

it('a service that refuses without a word is said with one', async () => {
  const { seen, say, outcomes } = await startDesktop({ service: 'startable' })
  say.notify!([view('m1')], [])
  seen.notifications[0]!.emit('failed', new FakeEvent(), '')
  expect(outcomes()).toMatchObject([{ why: 'the system refused one without a word' }])
})

it('Linux: the picture is on it, and what was clicked is never closed by us: Electron would destroy it twice', async () => {
  const { seen, say } = await startDesktop()
  say.notify!([view('m1')], [])
  const [shown] = seen.notifications
  expect(shown!.options.icon).toBe('/dist/icons/app-64.png')
  let closed = 0
  shown!.on('close', () => closed++)
  shown!.emit('click')
  say.notify!([], ['m1'])
  expect(closed).toBe(0)
})

it('a notification has the button that the engine gives it, which does its command without a window; others have none', async () => {
  const { seen, say, told, window, bus } = await startDesktop()
  say.notify!(
    [
      { ...view('m1'), action: { label: 'Seen', name: 'message.seen', input: { ids: ['id-1'] } } },
      view('waiting'),
      { ...view('w1'), action: { label: 'Ask the holder', name: 'lock.ask', input: { id: '1', by: 'M/a' } } },
    ],
    [],
  )
  expect(seen.notifications.map(({ options }) => options.actions)).toEqual([
    [{ type: 'button', text: 'Seen' }],
    undefined,
    [{ type: 'button', text: 'Ask the holder' }],
  ])
  seen.notifications[0]!.emit('action', { actionIndex: 0 }, 0)
  seen.notifications[2]!.emit('action', { actionIndex: 0 }, 0)
  expect(bus.acted).toBe(2)
  expect(told.commands).toEqual([
    ['message.seen', { ids: ['id-1'] }],
    ['lock.ask', { id: '1', by: 'M/a' }],
  ])
  expect(window()).toBeUndefined()
})

it('without a tray host: a window, a hint, and closing keeps it within reach', async () => {
  const { seen, window } = await startDesktop({ host: 'absent' })
  await expect.poll(() => titles(seen)).toEqual(['No tray host on this desktop'])
  expect(seen.notifications[0]!.options.body).toContain('there is this window')
  const opened = window()
  opened!.emit('ready-to-show')
  opened!.close()
  expect([opened!.isDestroyed(), opened!.isMinimized()]).toEqual([false, true])
})

it('without a tray host, a hidden start hints at what is there, and shows no window', async () => {
  const { seen } = await startDesktop({ host: 'absent', argv: ['--hidden'] })
  await expect.poll(() => titles(seen)).toEqual(['No tray host on this desktop'])
  expect(seen.notifications[0]!.options.body).not.toContain('there is this window')
  expect(seen.notifications[0]!.options.body).toContain('start it once more to open its window')
  expect(seen.windows).toEqual([])
})

const WAYLAND = { WAYLAND_DISPLAY: 'wayland-0' }

it('login: the engine runs and nothing is on the screen until the panel comes; then the item, as things are by then', async () => {
  const { seen, told, say, bus } = await startDesktop({
    host: 'absent',
    argv: ['--hidden'],
    env: WAYLAND,
    patienceMs: 60_000,
  })
  expect([told.started, seen.trays.length, seen.notifications.length]).toEqual([1, 0, 0])
  say.view!({ icon: 'unread', isSilent: false, count: 1, tooltip: 'late', menu: [] })
  await new Promise((done) => setImmediate(done))
  bus.trayHost.becomes('running')
  expect(seen.trays.map(({ tooltip }) => tooltip)).toEqual(['Coord Tray: Online'])
})

it('hosts that come and go: one item at a time, made for the host that is there, and one hint ever', async () => {
  const { seen, bus } = await startDesktop({ host: 'absent', argv: ['--hidden'], env: WAYLAND })
  await expect.poll(() => seen.notifications.length).toBe(1)
  const items: (readonly boolean[])[] = []
  for (const presence of ['running', 'absent', 'running', 'absent'] as const) {
    bus.trayHost.becomes(presence)
    await new Promise((done) => setTimeout(done, 5))
    items.push(seen.trays.map((tray) => tray.isDestroyed))
  }
  expect(items).toEqual([[false], [true], [true, false], [true, true]])
  expect(seen.notifications).toHaveLength(1)
})

it('X11: after the wait the older form is offered, and left for the newer one when its host comes', async () => {
  const { seen, bus } = await startDesktop({ host: 'absent', argv: ['--hidden'] })
  await expect.poll(() => seen.trays.length).toBe(1)
  // True whether such a bar is there or not.
  expect(seen.notifications[0]!.options.body).toContain('Only a bar that knows the older form')
  bus.trayHost.becomes('running')
  expect(seen.trays.map((tray) => tray.isDestroyed)).toEqual([true, false])
  bus.trayHost.becomes('absent')
  bus.trayHost.becomes('running')
  expect(seen.trays.map((tray) => tray.isDestroyed)).toEqual([true, true, false])
  bus.trayHost.becomes('absent')
  await expect.poll(() => seen.trays.length).toBe(4)
  expect(seen.trays.filter((tray) => !tray.isDestroyed)).toHaveLength(1)
})

it('where nobody can be asked the item is made at once, without a hint', async () => {
  const { seen } = await startDesktop({ host: 'unknown' })
  expect([seen.trays.length, seen.notifications.length, seen.windows.length]).toEqual([1, 0, 0])
})

it('a session whose bus goes away first: the remembered choice is taken at once', async () => {
  const { told, bus, calls } = await startDesktop()
  bus.close()
  expect([told.left, calls.at(-1)]).toEqual([1, 'gone'])
})

it('closing the window hides it, says so once, and destroys it a while after', async () => {
  const { seen, told, openWindow, window } = await startDesktop()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const opened = openWindow()
  expect(told.events.at(-1)).toEqual({ kind: 'window.changed', isOpen: true, isFocused: true })
  opened.close()
  expect([opened.isVisible(), opened.isDestroyed()]).toEqual([false, false])
  vi.advanceTimersByTime(DESTROY_AFTER_MS - 1)
  expect(opened.isDestroyed()).toBe(false)
  vi.advanceTimersByTime(1)
  expect([opened.isDestroyed(), window()]).toEqual([true, undefined])
  expect(told.events.at(-1)).toEqual({ kind: 'window.changed', isOpen: false, isFocused: false })
  openWindow().close()
  expect(seen.notifications.map(({ options }) => options.title)).toEqual(['Coord Tray stays in the tray'])
})

it('opened again in time, the window stays', async () => {
  const { seen, openWindow } = await startDesktop()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const opened = openWindow()
  opened.close()
  seen.trays[0]!.emit('click')
  vi.advanceTimersByTime(DESTROY_AFTER_MS * 2)
  expect([opened.isVisible(), opened.isDestroyed(), seen.windows.length]).toEqual([true, false, 1])
})

it('opens where it was', async () => {
  const { openWindow, userData } = await startDesktop()
  const first = openWindow()
  first.setBounds({ x: 300, y: 200, width: 700, height: 500 })
  first.close()
  first.destroy()
  expect(openWindow().options).toMatchObject({ x: 300, y: 200, width: 700, height: 500 })
  expect(JSON.parse(readFileSync(join(userData, 'window.json'), 'utf8'))).toEqual({
    bounds: { x: 300, y: 200, width: 700, height: 500 },
    isMaximized: false,
    isTold: true,
  })
})

it('opens as large as it was', async () => {
  const { openWindow } = await startDesktop()
  const first = openWindow()
  first.maximize()
  first.close()
  first.destroy()
  expect(openWindow().isMaximized()).toBe(true)
})

it('a place on a screen that is gone is not used', async () => {
  const { seen, openWindow } = await startDesktop({
    with: ({ seen: own }) => own.displays.push({ x: 1920, y: 0, width: 1920, height: 1040 }),
  })
  const first = openWindow()
  first.setBounds({ x: 2400, y: 200, width: 700, height: 500 })
  first.close()
  first.destroy()
  seen.displays.pop()
  expect(openWindow().options).toMatchObject({ x: 510, y: 200 })
})

it('an open window whose screen is unplugged comes to the first one, and back it does not jump', async () => {
  const { electron, seen, openWindow } = await startDesktop({
    with: ({ seen: own }) => own.displays.push({ x: 1920, y: 0, width: 1920, height: 1040 }),
  })
  const opened = openWindow()
  opened.setBounds({ x: 2400, y: 200, width: 700, height: 500 })
  electron.screen.emit('display-metrics-changed')
  expect(opened.bounds.x).toBe(2400)
  seen.displays.pop()
  electron.screen.emit('display-removed')
  expect(opened.bounds).toEqual({ x: 610, y: 270, width: 700, height: 500 })
})

it('on Wayland only the size is kept: no program knows its place there', async () => {
  const { electron, seen, openWindow, userData } = await startDesktop({
    env: { WAYLAND_DISPLAY: 'wayland-0' },
  })
  const first = openWindow()
  first.setBounds({ x: 0, y: 0, width: 700, height: 500 })
  seen.displays.splice(0, 1, { x: 5000, y: 0, width: 800, height: 600 })
  electron.screen.emit('display-removed')
  expect(first.bounds.x).toBe(0)
  first.close()
  first.destroy()
  const { options } = openWindow()
  expect(options).toMatchObject({ width: 700, height: 500 })
  expect(options).not.toHaveProperty('x')
  expect(readFileSync(join(userData, 'window.json'), 'utf8')).toContain('700')
})

const crash = { reason: 'crashed', exitCode: 139 }

it('a window whose page dies is opened again once, then it is said', async () => {
  const { seen, told, openWindow, window } = await startDesktop()
  openWindow().webContents.emit('render-process-gone', new FakeEvent(), crash)
  await expect.poll(() => seen.windows.length).toBe(2)
  expect(seen.windows[0]!.isDestroyed()).toBe(true)
  await expect.poll(() => told.log).toEqual(['the window died'])
  window()!.emit('ready-to-show')
  window()!.webContents.emit('render-process-gone', new FakeEvent(), crash)
  await expect.poll(() => seen.notifications.length).toBe(1)
  expect(seen.notifications[0]!.options.title).toBe('The window of Coord Tray stopped')
  expect([seen.windows.length, window()]).toEqual([2, undefined])
})

it('a hidden window that dies stays away until it is wanted', async () => {
  const { seen, openWindow } = await startDesktop()
  const opened = openWindow()
  opened.close()
  opened.webContents.emit('render-process-gone', new FakeEvent(), crash)
  await expect.poll(() => opened.isDestroyed()).toBe(true)
  expect(seen.windows).toHaveLength(1)
  openWindow()
  expect(seen.windows).toHaveLength(2)
})

it('a crash of the graphics process is written down and disturbs nobody', async () => {
  const { electron, told, seen, calls } = await startDesktop()
  electron.app.emit('child-process-gone', new FakeEvent(), { type: 'GPU', ...crash })
  electron.app.emit('child-process-gone', new FakeEvent(), {
    type: 'Utility',
    reason: 'clean-exit',
    exitCode: 0,
  })
  expect(told.log).toEqual(['a helper process is gone'])
  expect([seen.notifications.length, calls.includes('quit')]).toEqual([0, false])
})

it('an error that nobody caught is said inside the app, which goes on', async () => {
  const { faults, told, calls, system } = await startDesktop()
  system.emit('uncaughtException', new Error('boo'))
  system.emit('unhandledRejection', 'why')
  expect(faults()).toMatchObject([{ id: 'internal', fault: { kind: 'program-fault' } }, { id: 'internal' }])
  expect(told.log).toEqual(['an error that nobody caught', 'a promise that nobody caught'])
  expect(calls).not.toContain('quit')
})

it('the quit question opens the window, once', async () => {
  const { seen, say } = await startDesktop()
  const asking = { quit: { isAsking: true } } as unknown as AppSnapshot
  say.snapshot!(asking)
  say.snapshot!(asking)
  expect(seen.windows).toHaveLength(1)
})

it('a quit that nobody here asked for takes the remembered choice and no question', async () => {
  const { electron, told, calls, seen } = await startDesktop()
  electron.app.quit() // as Electron does on SIGTERM
  expect(told.left).toBe(1)
  await expect.poll(() => calls.at(-1)).toBe('gone')
  expect([told.stopped, seen.windows.length]).toEqual([1, 0])
})

it('a second quit does not wait for an engine that hangs', async () => {
  const { electron, calls } = await startDesktop({ stop: () => new Promise(() => undefined) })
  electron.app.quit()
  expect(calls.at(-1)).toBe('quit')
  electron.app.quit()
  await expect.poll(() => calls.at(-1)).toBe('gone')
})

it('while it leaves, no second start and no notification opens a window', async () => {
  const { electron, say, seen } = await startDesktop({ stop: () => new Promise(() => undefined) })
  say.notify!([{ id: 'm1', title: 't', body: 'b', isUrgent: false }], [])
  say.hooks!.leave(null)
  electron.app.emit('second-instance', new FakeEvent(), [], '/', { isHidden: false })
  electron.app.emit('activate')
  seen.notifications[0]!.emit('click')
  expect(seen.windows).toEqual([])
})

it('says at the end what was not released, and leaves that on the screen', async () => {
  const { seen, say, calls, bus } = await startDesktop()
  say.notify!([{ id: 'm1', title: 't', body: 'b', isUrgent: false }], [])
  const closed: string[] = []
  seen.notifications[0]!.on('close', () => closed.push('m1'))
  say.hooks!.leave({ title: '2 locks are still held', body: 'They are queued.' })
  await expect.poll(() => calls.at(-1)).toBe('gone')
  expect(closed).toEqual(['m1'])
  expect(titles(seen)).toEqual(['t'])
  expect(bus.said).toEqual(['2 locks are still held'])
})

it('where the last words cannot be said without an offer, they are said with one', async () => {
  const { seen, say, calls } = await startDesktop({ service: 'unknown' })
  say.hooks!.leave({ title: '2 locks are still held', body: 'They are queued.' })
  await expect.poll(() => calls.at(-1)).toBe('gone')
  expect(titles(seen)).toEqual(['2 locks are still held'])
})

it('a first run opens the window, which asks; at login it does not', async () => {
  expect((await startDesktop({ isFirstRun: true })).window()).toBeDefined()
  expect((await startDesktop({ isFirstRun: true, argv: ['--hidden'] })).window()).toBeUndefined()
  const mac = await startDesktop({
    isFirstRun: true,
    platform: 'darwin',
    with: ({ electron }) => (electron.app.loginItem.wasOpenedAtLogin = true),
  })
  expect(mac.window()).toBeUndefined()
})

it('tells the engine what became of each notification', async () => {
  const { say, seen, told } = await startDesktop()
  say.notify?.([view('message-1'), view('test')], [])
  for (const one of seen.notifications) one.emit('show')
  say.notify?.([view('test')], [])
  seen.notifications.at(-1)?.emit('failed', new FakeEvent(), 'not allowed')
  expect(told.events.filter((e) => e.kind.startsWith('notification.'))).toEqual([
    { kind: 'notification.shown', notificationId: 'message-1' },
    { kind: 'notification.shown', notificationId: 'test' },
    { kind: 'notification.failed', notificationId: 'test', why: 'not allowed' },
  ])
})

it('asks the person for a folder; one who changes their mind gives none', async () => {
  const { seen, say } = await startDesktop()
  expect(await say.hooks!.pickFolder()).toBeNull()
  seen.picked = '/home/me/project'
  expect(await say.hooks!.pickFolder()).toBe('/home/me/project')
})
