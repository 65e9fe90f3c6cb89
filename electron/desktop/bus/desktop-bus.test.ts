/** Asked of a real bus (dbus-daemon), with the double of tray host and notification server on it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createActedCloser } from './close-acted.ts'
import { openDesktopBus, type DesktopBus } from './desktop-bus.ts'
import { NOTIFICATIONS } from './notification-names.ts'
import { socketPaths } from './bus-socket.ts'
import { busCall, connectSessionBus } from './session-bus.ts'
import { decode, encode, sizeOf, type BusMessage } from './wire.ts'

const hasDaemon = process.platform === 'linux' && spawnSync('dbus-daemon', ['--version']).status === 0

describe('bytes', () => {
  it('what is written is read back, whole or in pieces', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '\n', '"') })
    fc.assert(
      fc.property(text, fc.array(text), fc.nat(), fc.array(fc.tuple(text, text)), (s, list, n, pairs) => {
        const hints = pairs.map(([key, value]) => [key, { type: 's', value }])
        const bytes = encode({
          ...{ kind: 'call', serial: 7, path: '/a', interface: 'a.b', member: 'C', destination: 'd.e' },
          ...{ signature: 'susbasa{sv}i', body: [s, n, s, true, list, hints, -1] },
        })
        expect(sizeOf(bytes)).toBe(bytes.length)
        expect(sizeOf(bytes.subarray(0, 15))).toBeNull()
        const { body, member, destination } = decode(bytes)
        expect([member, destination]).toEqual(['C', 'd.e'])
        expect(body).toEqual([s, n, s, true, list, pairs, -1])
      }),
    )
  })

  it('what is no message is refused, and a body of another kind is no failure', () => {
    expect(() => sizeOf(Buffer.from('HTTP/1.1 200 OK\r\n'))).toThrow()
    const bytes = encode({ kind: 'signal', serial: 1, path: '/', interface: 'a.b', member: 'C', body: [] })
    expect(decode(bytes)).toMatchObject({ kind: 'signal', member: 'C', body: [] })
  })

  it('a bus address is a list of places, abstract ones and escaped ones among them', () => {
    const paths = (address: string): readonly string[] => socketPaths({ DBUS_SESSION_BUS_ADDRESS: address })
    expect(paths('unix:path=/tmp/a%20b,guid=1;tcp:host=x;unix:abstract=/c')).toEqual(['/tmp/a b', '\0/c'])
    expect(paths('unix:path=%zz')).toEqual([])
    expect(socketPaths({ XDG_RUNTIME_DIR: '/run/user/1' })).toEqual(['/run/user/1/bus'])
    expect(socketPaths({})).toEqual([])
  })
})

/** A bus that says who owns the notifications' name when the test tells it to; all else it answers at once. */
async function slowBus(path: string) {
  const held: BusMessage[] = []
  let socket: Socket | undefined
  let serial = 0
  const write = (message: Omit<BusMessage, 'serial'>): void =>
    void socket?.write(encode({ serial: ++serial, ...message }))
  const answer = ({ serial: replySerial }: BusMessage, hasOwner: boolean): void =>
    write({ kind: 'reply', replySerial, signature: 'b', body: [hasOwner] })
  const take = (message: BusMessage): void => {
    if (message.member === 'NameHasOwner' && message.body[0] === NOTIFICATIONS) held.push(message)
    else if (message.member === 'NameHasOwner') answer(message, false)
    // nothing that can be started, no match to speak of
    else write({ kind: 'reply', replySerial: message.serial, signature: 'as', body: [[]] })
  }
  const server = createServer((one) => {
    socket = one
    let rest: Buffer = Buffer.alloc(0)
    let isIn = false
    one.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data])
      const begin = rest.indexOf('BEGIN\r\n')
      if (!isIn && begin < 0) return
      if (!isIn) {
        rest = rest.subarray(begin + 'BEGIN\r\n'.length)
        one.write('DATA\r\nOK 0\r\n')
        isIn = true
      }
      for (let size = sizeOf(rest); size !== null && size <= rest.length; size = sizeOf(rest)) {
        take(decode(rest.subarray(0, size)))
        rest = rest.subarray(size)
      }
    })
  })
  await new Promise<void>((done) => server.listen(path, done))
  return {
    held,
    answer,
    changed: () =>
      write({
        ...{ kind: 'signal', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' },
        ...{ member: 'NameOwnerChanged', signature: 'sss', body: [NOTIFICATIONS, '', ':1.1'] },
      }),
    close: () => {
      socket?.destroy()
      server.close()
    },
  }
}

it.skipIf(process.platform !== 'linux')(
  'an answer that comes behind that to a later question is not taken for the newest',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'coord-slow-bus-'))
    const slow = await slowBus(join(dir, 'bus'))
    const opening = openDesktopBus({
      ...{ platform: 'linux', env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(dir, 'bus')}` } },
      ...{ argv: [], stderr: { write: () => 0 }, on: () => 0 },
    })
    const question = async (nth: number): Promise<BusMessage> => {
      await expect.poll(() => slow.held.length).toBe(nth)
      return slow.held.at(-1)!
    }
    slow.answer(await question(1), false)
    const bus = await opening
    const told: string[] = []
    bus.notifications.follow((presence) => told.push(presence))
    slow.changed()
    const older = await question(2)
    slow.changed()
    slow.answer(await question(3), true)
    await expect.poll(() => told).toEqual(['absent', 'running'])
    slow.answer(older, false)
    // an answer may ask more, and that be answered: dealt with by the time that the last of these is asked
    for (const nth of [4, 5, 6]) {
      slow.changed()
      await question(nth)
    }
    expect(told).toEqual(['absent', 'running'])
    slow.close()
    rmSync(dir, { recursive: true, force: true })
  },
)

describe.skipIf(!hasDaemon)('on a bus', () => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-bus-'))
  const services = join(dir, 'services')
  const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(dir, 'bus')}` }
  let daemon: ChildProcess
  beforeAll(async () => {
    mkdirSync(services)
    writeFileSync(
      join(dir, 'bus.conf'),
      `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>${env.DBUS_SESSION_BUS_ADDRESS}</listen><servicedir>${services}</servicedir>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
    )
    daemon = spawn('dbus-daemon', ['--nofork', `--config-file=${join(dir, 'bus.conf')}`], { stdio: 'ignore' })
    await vi.waitFor(
      async () => {
        const bus = await connectSessionBus(env)
        if (bus === null) throw new Error('no bus yet')
        bus.close()
      },
      { timeout: 60_000 },
    )
  })
  afterAll(() => {
    daemon.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })
  const open = (): Promise<DesktopBus> =>
    openDesktopBus({ platform: 'linux', env, argv: [], stderr: { write: () => 0 }, on: () => 0 })

  /** The double's process; `said` is what it tells. */
  async function double(...args: readonly string[]) {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../../../e2e/support/desktop-double.mjs'), ...args],
      { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const said: { readonly t: string; readonly [field: string]: unknown }[] = []
    createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as never))
    await expect.poll(() => said.some(({ t }) => t === 'ready')).toBe(true)
    const stop = (): Promise<void> =>
      new Promise((done) => {
        child.once('exit', () => done())
        child.kill()
      })
    const signal = (name: NodeJS.Signals): boolean => child.kill(name)
    return { said, tell: (line: string) => child.stdin.write(`${line}\n`), signal, stop }
  }

  it('who comes and goes is heard: tray host and notification service, each by itself', async () => {
    const bus = await open()
    const told: string[] = []
    bus.trayHost.follow((presence) => told.push(`tray ${presence}`))
    bus.notifications.follow((presence) => told.push(`notifications ${presence}`))
    expect(told.splice(0)).toEqual(['tray absent', 'notifications absent'])
    const first = await double('--no-tray-host')
    await expect.poll(() => told.splice(0)).toEqual(['notifications running'])
    const second = await double('--no-notifications')
    await expect.poll(() => told.splice(0)).toEqual(['tray running'])
    await first.stop()
    await expect.poll(() => told.splice(0)).toEqual(['notifications absent'])
    await second.stop()
    await expect.poll(() => told.splice(0)).toEqual(['tray absent'])
  })

  it('a watcher that stands ready as another ends is told as a new one: it has taken no item yet', async () => {
    const [first, second] = [await double('--no-notifications'), await double('--no-notifications')]
    const bus = await open()
    const told: string[] = []
    bus.trayHost.follow((presence) => told.push(presence))
    await first.stop()
    await expect.poll(() => told).toEqual(['running', 'absent', 'running'])
    await second.stop()
    await expect.poll(() => told.at(-1)).toBe('absent')
  })

  it('a watcher before its panel shows nothing yet', async () => {
    const desktop = await double('--no-panel')
    const bus = await open()
    expect(bus.trayHost.now()).toBe('absent')
    desktop.tell('panel')
    await expect.poll(() => bus.trayHost.now()).toBe('running')
    await desktop.stop()
  })

  it('a service that the bus can start is no missing one', async () => {
    writeFileSync(
      join(services, 'n.service'),
      '[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/bin/false\n',
    )
    const bus = await connectSessionBus(env)
    await bus!.call({
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'ReloadConfig',
    })
    bus!.close()
    expect((await open()).notifications.now()).toBe('startable')
    // It ends as it starts: no answer, and no waiting for one that never comes.
    expect(await (await open()).sayLast('t', 'b', '')).toBe(false)
    rmSync(join(services, 'n.service'))
  })

  it('the last words offer nothing, carry their picture, and are escaped', async () => {
    const desktop = await double()
    expect(await (await open()).sayLast('1 lock not released yet', 'a <b> & c', '/icons/app.png')).toBe(true)
    await expect
      .poll(() => desktop.said.find(({ t }) => t === 'notify'))
      .toMatchObject({
        summary: '1 lock not released yet',
        body: 'a &lt;b&gt; &amp; c',
        icon: '/icons/app.png',
        actions: [],
      })
    await desktop.stop()
  })

  it('a service that stands still does not answer; one that goes on does', async () => {
    const desktop = await double()
    const bus = await open()
    expect(await bus.notifications.answers?.()).toBe(true)
    desktop.signal('SIGSTOP')
    expect(bus.notifications.now()).toBe('running')
    expect(await bus.notifications.answers?.()).toBe(false)
    desktop.signal('SIGCONT')
    expect(await bus.notifications.answers?.()).toBe(true)
    await desktop.stop()
  })

  it('a toast whose action was invoked is closed where its server leaves it, whichever is heard first', async () => {
    const desktop = await double()
    const bus = (await connectSessionBus(env))!
    // the time between the signal and Electron's event is the test's, however slow the machine
    const closeActed = createActedCloser(bus, () => 0)
    const closed = (): readonly unknown[] =>
      desktop.said.flatMap((line) => (line.t === 'close' ? [line['id']] : []))
    const invoked = (times: number): Promise<void> =>
      expect.poll(() => desktop.said.filter(({ t }) => t === 'invoked').length).toBe(times)
    // answered once the bus knows what is listened to
    await bus.call(busCall('GetId'))
    // Electron's event behind the signal
    desktop.tell('invoke 7')
    await invoked(1)
    closeActed()
    await expect.poll(closed).toEqual([7])
    // before it
    closeActed()
    desktop.tell('invoke 8')
    await expect.poll(closed).toEqual([7, 8])
    // a server that closes it by itself, and one of another app, are left alone
    closeActed()
    desktop.tell('act 9')
    desktop.tell('invoke 10')
    desktop.tell('act 11')
    await invoked(3)
    await new Promise((done) => setTimeout(done, 700))
    expect(closed()).toEqual([7, 8])
    bus.close()
    await desktop.stop()
  })

  it('no bus: it cannot be told, and nothing waits', async () => {
    const none = await openDesktopBus({
      ...{ platform: 'linux', env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(dir, 'none')}` } },
      ...{ argv: [], stderr: { write: () => 0 }, on: () => 0 },
    })
    expect([none.trayHost.now(), none.notifications.now()]).toEqual(['unknown', 'unknown'])
    expect(await none.sayLast('t', 'b', '')).toBe(false)
  })

  it('a bus that goes away is heard', async () => {
    const bus = await open()
    let closed = 0
    bus.onClosed(() => closed++)
    daemon.kill('SIGKILL')
    await expect.poll(() => closed).toBe(1)
  })
})
