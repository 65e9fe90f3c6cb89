/** What only macOS does, on doubles. */
import { afterEach, expect, it } from 'vitest'
import { FakeEvent, fileOf } from './testing/fake-electron.ts'
import { removeDirs, startDesktop } from './testing/start-desktop.ts'

afterEach(removeDirs)
const start = (options: Parameters<typeof startDesktop>[0] = {}) =>
  startDesktop({ platform: 'darwin', ...options })

it('shows a template image, which the system colours, whatever the theme', async () => {
  const { electron, seen, say } = await start()
  expect(fileOf(seen.trays[0]!.image)).toBe('/dist/icons/idleTemplate.png')
  electron.nativeTheme.shouldUseDarkColors = true
  electron.nativeTheme.emit('updated')
  expect(fileOf(seen.trays[0]!.image)).toBe('/dist/icons/idleTemplate.png')
  say.view!({ icon: 'offline', isSilent: false, count: 0, tooltip: 'Coord Tray: Offline', menu: [] })
  await expect.poll(() => fileOf(seen.trays[0]!.image)).toBe('/dist/icons/offlineTemplate.png')
})

it('stays out of the Dock and keeps the menu that copies and pastes', async () => {
  const { calls } = await start()
  expect(calls).toContain('dock.hide')
  expect(calls.filter((call) => call.startsWith('setApplicationMenu'))).toEqual([])
})

it('leaves the click to the menu', async () => {
  const { seen, window } = await start()
  seen.trays[0]!.emit('click')
  expect(window()).toBeUndefined()
  expect(seen.trays[0]!.isDoubleClickIgnored).toBe(true)
})

it('opens the window when the app is activated, and only shows it the second time', async () => {
  const { electron, seen } = await start()
  electron.app.emit('activate')
  electron.app.emit('activate')
  expect(seen.windows).toHaveLength(1)
})

it('a shutdown waits for the remembered choice and is then let through', async () => {
  const { electron, told, calls } = await start()
  const event = new FakeEvent()
  electron.powerMonitor.emit('shutdown', event)
  // Prevented here, so that the held `before-quit` does not cancel the shutdown of the machine.
  expect(event.defaultPrevented).toBe(true)
  expect(told.left).toBe(1)
  await expect.poll(() => calls.at(-1)).toBe('gone')
  expect(calls.filter((call) => call === 'quit')).toHaveLength(2)
})

it('a number stands beside the icon, and a crescent in it while nothing is notified', async () => {
  const { seen, say } = await start()
  const [tray] = seen.trays
  say.view!({ icon: 'unread', isSilent: true, count: 3, tooltip: '', menu: [] })
  await expect.poll(() => tray!.title).toBe('3')
  expect(fileOf(tray!.image)).toBe('/dist/icons/unread-silentTemplate.png')
  say.view!({ icon: 'idle', isSilent: false, count: 0, tooltip: '', menu: [] })
  await expect.poll(() => tray!.title).toBe('')
})

it('asks Windows nothing', async () => {
  const { calls, seen } = await start()
  expect(calls.join()).not.toMatch(/AppUserModelId|ToastActivator/)
  expect([seen.bare, seen.activation]).toEqual([[], undefined])
})

it('a notification that an unsigned bundle may not show is said inside the app', async () => {
  const { seen, say, outcomes } = await start()
  say.notify!([{ id: 'm1', title: 't', body: 'b', isUrgent: false }], [])
  seen.notifications[0]!.emit('failed', new FakeEvent(), 'UNErrorDomain 1')
  expect(outcomes()).toMatchObject([{ kind: 'notification.failed', why: 'UNErrorDomain 1' }])
})

it('a start at login is a hidden one, also without the word on the command line', async () => {
  const { calls } = await start({
    with: ({ electron }) => (electron.app.loginItem = { openAtLogin: true, wasOpenedAtLogin: true }),
  })
  expect(calls[0]).toBe('requestSingleInstanceLock {"isHidden":true}')
  expect((await start()).calls[0]).toBe('requestSingleInstanceLock {"isHidden":false}')
})
