/** What the desktop has and has not: a tray host, a notification service; asked of the bus, and heard when it changes. */
import type { Surroundings } from '../electron-parts.ts'
import { toBody } from '../notification-body.ts'
import { APP_ID } from '../prepare-app.ts'
import { createActedCloser } from './close-acted.ts'
import { NOTIFICATION_SERVER, NOTIFICATIONS } from './notification-names.ts'
import { busCall, connectSessionBus, type SessionBus } from './session-bus.ts'

/** `startable`: nobody runs, the bus starts one when it is asked. `unknown`: cannot be told here. */
export type Presence = 'running' | 'startable' | 'absent' | 'unknown'

export interface Watched {
  readonly now: () => Presence
  /** Calls at once with what is so, and again whenever it changes. */
  follow(listener: (presence: Presence) => void): void
}
/** `answers`: whether the service answers a question within three seconds; absent where it cannot be asked. */
export interface WatchedService extends Watched {
  readonly answers?: () => Promise<boolean>
}
export interface DesktopBus {
  readonly trayHost: Watched
  readonly notifications: WatchedService
  /** The session ends under us. */
  onClosed(listener: () => void): void
  /** Shows a notification that offers nothing to click; false where that could not be done. */
  sayLast(title: string, body: string, icon: string): Promise<boolean>
  /** A toast of ours was clicked just now: where its server leaves it, it is taken off the screen. */
  readonly closeActed: () => void
}

const WATCHER = 'org.kde.StatusNotifierWatcher'

interface Told extends Watched {
  set(presence: Presence): void
}
function told(first: Presence): Told {
  let presence = first
  const listeners: ((presence: Presence) => void)[] = []
  return {
    now: () => presence,
    set(next) {
      if (next === presence) return
      presence = next
      listeners.forEach((listener) => listener(next))
    },
    follow(listener) {
      listeners.push(listener)
      listener(presence)
    },
  }
}

async function askOwner(bus: SessionBus, name: string): Promise<Presence> {
  const answer = await bus.call(busCall('NameHasOwner', 's', name))
  return answer?.[0] === true ? 'running' : answer?.[0] === false ? 'absent' : 'unknown'
}

/** A watcher without a host shows nothing: KDE's is there before its panel is. */
async function askTrayHost(bus: SessionBus): Promise<Presence> {
  const owner = await askOwner(bus, WATCHER)
  if (owner !== 'running') return owner
  const answer = await bus.call({
    destination: WATCHER,
    path: '/StatusNotifierWatcher',
    interface: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    body: [WATCHER, 'IsStatusNotifierHostRegistered'],
  })
  return answer?.[0] === false ? 'absent' : 'running'
}

async function askNotifications(bus: SessionBus): Promise<Presence> {
  const owner = await askOwner(bus, NOTIFICATIONS)
  if (owner !== 'absent') return owner
  const names = (await bus.call(busCall('ListActivatableNames')))?.[0]
  return Array.isArray(names) && names.includes(NOTIFICATIONS) ? 'startable' : 'absent'
}

/** Asks again on each sign of change; the answer to the last question counts. */
async function keepAsking(
  what: Told,
  ask: () => Promise<Presence>,
  onSign: (again: () => void) => void,
): Promise<void> {
  let asked = 0
  const again = async (): Promise<void> => {
    const own = ++asked
    const presence = await ask()
    if (own === asked) what.set(presence)
  }
  onSign(() => void again())
  await again()
}

/** On a system without such a bus all is there, as far as can be told from here. */
const withoutBus = (trayHost: Presence, notifications: Presence): DesktopBus => ({
  trayHost: told(trayHost),
  notifications: told(notifications),
  onClosed: () => undefined,
  sayLast: () => Promise.resolve(false),
  closeActed: () => undefined,
})

export async function openDesktopBus({ platform, env }: Surroundings): Promise<DesktopBus> {
  if (platform !== 'linux') return withoutBus('running', 'unknown')
  const bus = await connectSessionBus(env)
  if (bus === null) return withoutBus('unknown', 'unknown')
  const [trayHost, notifications] = [told('unknown'), told('unknown')]
  const onOwner = (name: string, listener: (hadOne: boolean) => void): void =>
    bus.onSignal(
      {
        sender: 'org.freedesktop.DBus',
        interface: 'org.freedesktop.DBus',
        member: 'NameOwnerChanged',
        arg0: name,
      },
      ([, before]) => listener(before !== ''),
    )
  await Promise.all([
    keepAsking(
      trayHost,
      () => askTrayHost(bus),
      (again) => {
        onOwner(WATCHER, (hadOne) => {
          // Another one may stand there by the time that it is asked for; what the one before had taken is gone with it.
          if (hadOne) trayHost.set('absent')
          again()
        })
        for (const member of ['StatusNotifierHostRegistered', 'StatusNotifierHostUnregistered'])
          bus.onSignal({ sender: WATCHER, interface: WATCHER, member }, again)
      },
    ),
    keepAsking(
      notifications,
      () => askNotifications(bus),
      (again) => onOwner(NOTIFICATIONS, again),
    ),
  ])
  const answers = async (): Promise<boolean> =>
    (await bus.call({ ...NOTIFICATION_SERVER, member: 'GetServerInformation' })) !== null
  return {
    trayHost,
    notifications: { ...notifications, answers },
    closeActed: createActedCloser(bus),
    onClosed: (listener) => bus.onClosed(listener),
    async sayLast(title, body, icon) {
      if (notifications.now() === 'absent') return false
      const hints = [
        ['desktop-entry', { type: 's', value: APP_ID }],
        ['urgency', { type: 'y', value: 1 }],
      ]
      const answer = await bus.call({
        ...NOTIFICATION_SERVER,
        member: 'Notify',
        signature: 'susssasa{sv}i',
        body: ['Coord Tray', 0, icon, title, toBody(body, 'linux'), [], hints, -1],
      })
      return answer !== null
    },
  }
}
