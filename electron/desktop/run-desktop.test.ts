/** The desktop's life on doubles, where every system does the same, and where Linux does as it does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { FakeEvent, fileOf } from './testing/fake-electron.ts'
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

it('a second start ends at once and touches nothing', async () => {
  const { calls, seen } = await startDesktop({ with: ({ seen: own }) => (own.hasInstanceLock = false) })
  expect(calls).toEqual(['requestSingleInstanceLock {"isHidden":false}', 'exit 0'])
  expect(seen.trays).toEqual([])
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
  expect(told.events).toEqual([
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
  const { seen, say, told, window } = await startDesktop()
  say.notify!([{ id: 'm1', title: 't', body: '<b> & </b>', isUrgent: false }], [])
  expect(seen.notifications[0]!.options.body).toBe('&lt;b&gt; &amp; &lt;/b&gt;')
  seen.notifications[0]!.emit('click')
  expect(told.clicked).toEqual(['m1'])
  expect(window()).toBeDefined()
})

it('says inside the app that there is no notification service', async () => {
  const { seen, say, outcomes } = await startDesktop({ with: ({ seen: own }) => (own.isNotifying = false) })
  say.notify!([{ id: 'm1', title: 't', body: 'b', isUrgent: false }], [])
  expect(seen.notifications).toEqual([])
  expect(outcomes()).toMatchObject([{ kind: 'notification.failed', notificationId: 'm1' }])
})

it('without a tray host: a window, a hint, and closing keeps it within reach', async () => {
  const { seen, window } = await startDesktop({ hasTrayHost: () => Promise.resolve(false) })
  expect(seen.notifications.map(({ options }) => options.title)).toEqual(['Coord Tray has no tray here'])
  const opened = window()
  opened!.emit('ready-to-show')
  opened!.close()
  expect([opened!.isDestroyed(), opened!.isMinimized()]).toEqual([false, true])
})

it('without a tray host, a hidden start shows the hint but no window', async () => {
  const { seen } = await startDesktop({ hasTrayHost: () => Promise.resolve(false), argv: ['--hidden'] })
  expect([seen.notifications.length, seen.windows.length]).toEqual([1, 0])
})

it('a tray host that comes late, or that nobody can ask about, changes nothing', async () => {
  const answers = [false, false, true]
  const late = await startDesktop({
    hasTrayHost: () => Promise.resolve(answers.shift() ?? null),
    hostProbesMs: [0, 0, 0],
  })
  const unknown = await startDesktop({ hasTrayHost: () => Promise.resolve(null) })
  for (const { seen } of [late, unknown])
    expect([seen.notifications.length, seen.windows.length]).toEqual([0, 0])
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
    isTold: true,
  })
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
  expect(openWindow().options).not.toHaveProperty('x')
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
  const { seen, say, calls } = await startDesktop()
  say.notify!([{ id: 'm1', title: 't', body: 'b', isUrgent: false }], [])
  const closed: string[] = []
  seen.notifications[0]!.on('close', () => closed.push('m1'))
  say.hooks!.leave({ title: '2 locks are still held', body: 'They are queued.' })
  await expect.poll(() => calls.at(-1)).toBe('gone')
  expect(closed).toEqual(['m1'])
  expect(seen.notifications.map(({ options }) => options.title)).toEqual(['t', '2 locks are still held'])
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
  const view = (id: string) => ({ id, title: 't', body: 'b', isUrgent: false })
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
