/** What only Windows does, on doubles. */
import { afterEach, expect, it } from 'vitest'
import { APP_ID } from './prepare-app.ts'
import { FakeEvent, fileOf } from './testing/fake-electron.ts'
import { removeDirs, startDesktop } from './testing/start-desktop.ts'

afterEach(removeDirs)
const start = (options: Parameters<typeof startDesktop>[0] = {}) =>
  startDesktop({ platform: 'win32', ...options })

it('says its app id and a fixed toast activator before it is ready', async () => {
  const { calls } = await start()
  const ready = calls.indexOf('ready')
  expect(calls.slice(0, ready)).toContain(`setAppUserModelId "${APP_ID}"`)
  expect(calls.slice(0, ready)).toContainEqual(
    expect.stringMatching(/^setToastActivatorCLSID "\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}"$/),
  )
})

it('shows an .ico that follows the theme of the task bar', async () => {
  const { electron, seen } = await start()
  expect(fileOf(seen.trays[0]!.image)).toBe('/dist/icons/idle-light.ico')
  electron.nativeTheme.shouldUseDarkColors = true
  electron.nativeTheme.emit('updated')
  expect(fileOf(seen.trays[0]!.image)).toBe('/dist/icons/idle-dark.ico')
  expect(seen.trays).toHaveLength(1)
})

it('opens the window by a click on the tray item', async () => {
  const { seen, window } = await start()
  expect(window()).toBeUndefined()
  seen.trays[0]!.emit('click')
  expect(window()?.url).toBe('app://window/index.html')
})

it('hears of a log-off without any window process', async () => {
  const { seen } = await start()
  expect(seen.windows).toHaveLength(0)
  expect(seen.bare.map(({ options }) => options)).toEqual([
    { show: false, skipTaskbar: true, width: 1, height: 1 },
  ])
})

it('a log-off that is only asked about is neither held up nor taken for one', async () => {
  const { seen, told, calls } = await start()
  const event = new FakeEvent()
  seen.bare[0]!.emit('query-session-end', event)
  expect(event.defaultPrevented).toBe(false)
  expect(told.left).toBe(0)
  expect(calls).not.toContain('quit')
})

it('a log-off takes the remembered choice and is gone when the handler returns', async () => {
  const { seen, told, calls } = await start()
  seen.bare[0]!.emit('session-end', new FakeEvent())
  expect(told.left).toBe(1)
  expect(calls.slice(-2)).toEqual(['quit', 'gone'])
})

it('a log-off while it is leaving already takes no choice a second time', async () => {
  const { seen, say, told, calls } = await start({ stop: () => new Promise(() => undefined) })
  say.hooks!.leave(null)
  seen.bare[0]!.emit('session-end', new FakeEvent())
  expect(told.left).toBe(0)
  expect(calls.slice(-2)).toEqual(['quit', 'gone'])
})

it('opens the window where a toast of an earlier run started it', async () => {
  const { seen, window, calls } = await start()
  // The activator is registered by the first question about notifications: asked after ready, before the hook.
  const order = ['ready', 'Notification.isSupported', 'Notification.handleActivation']
  expect(calls.filter((call) => order.includes(call))).toEqual(order)
  expect(window()).toBeUndefined()
  seen.activation!({ type: 'reply', arguments: 'anything', reply: '<script>', userInputs: { a: 'b' } })
  expect(window()?.url).toBe('app://window/index.html')
})

it('the toast of this run says which message, and opens one window though both events come', async () => {
  const { seen, say, told } = await start()
  say.notify!([{ id: 'm1', title: 't', body: 'a < b', isUrgent: true }], [])
  const [toast] = seen.notifications
  expect(toast!.options).toMatchObject({ body: 'a < b', urgency: 'critical', timeoutType: 'never' })
  toast!.emit('click')
  seen.activation!({ type: 'click', arguments: '' })
  expect(told.clicked).toEqual(['m1'])
  expect(seen.windows).toHaveLength(1)
})

it('says inside the app that notifications fail, until one is shown again', async () => {
  const { seen, say, outcomes } = await start()
  say.notify!([{ id: 'm1', title: 't', body: 'b', isUrgent: false }], [])
  seen.notifications[0]!.emit('failed', new FakeEvent(), 'HRESULT 0x80070490\n(no shortcut)')
  say.notify!([{ id: 'm2', title: 't', body: 'b', isUrgent: false }], [])
  seen.notifications[1]!.emit('show')
  expect(outcomes()).toEqual([
    { kind: 'notification.failed', notificationId: 'm1', why: 'HRESULT 0x80070490 (no shortcut)' },
    { kind: 'notification.shown', notificationId: 'm2' },
  ])
})
