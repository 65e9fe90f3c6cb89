/** The desktop's session bus: calls, and signals as they come, over one socket that costs nothing at rest. */
import { connect, type Socket } from 'node:net'
import type { Surroundings } from '../electron-parts.ts'
import { decode, encode, sizeOf, type BusMessage } from './wire.ts'

const CALL_MS = 3_000
const CONNECT_MS = 3_000

export interface BusCall {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature?: string
  readonly body?: readonly unknown[]
}
export interface SignalFilter {
  readonly sender: string
  readonly interface: string
  readonly member: string
  /** Its first argument; any if absent. */
  readonly arg0?: string
}
export interface SessionBus {
  /** The answer's body; null where there was none in time, or an error. */
  call(call: BusCall): Promise<readonly unknown[] | null>
  /** Hears a signal from now on. */
  onSignal(filter: SignalFilter, listener: (body: readonly unknown[]) => void): void
  /** The bus went away: the desktop's session ends. */
  onClosed(listener: () => void): void
  close(): void
}

const DBUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
}
/** A call of the bus itself. */
export const busCall = (member: string, signature = '', ...body: readonly unknown[]): BusCall => ({
  ...DBUS,
  member,
  ...(signature === '' ? {} : { signature }),
  body,
})

/** Socket paths of an address list, in their order; an abstract one begins with a NUL. */
export function socketPaths(env: Surroundings['env']): readonly string[] {
  const address = env['DBUS_SESSION_BUS_ADDRESS']
  if (!address) return env['XDG_RUNTIME_DIR'] ? [`${env['XDG_RUNTIME_DIR']}/bus`] : []
  return address.split(';').flatMap((one) => {
    const [transport, options = ''] = one.split(':', 2)
    if (transport !== 'unix') return []
    const value = (key: string): string | undefined => {
      const found = options.split(',').find((option) => option.startsWith(`${key}=`))
      try {
        return found === undefined ? undefined : decodeURIComponent(found.slice(key.length + 1))
      } catch {
        return undefined
      }
    }
    const [path, abstract] = [value('path'), value('abstract')]
    return path !== undefined ? [path] : abstract !== undefined ? [`\0${abstract}`] : []
  })
}

const open = (path: string): Promise<Socket | null> =>
  new Promise((resolve) => {
    try {
      const socket = connect({ path })
      const timer = setTimeout(() => end(null), CONNECT_MS)
      const end = (value: Socket | null): void => {
        clearTimeout(timer)
        socket.off('error', fail)
        if (value === null) {
          socket.on('error', () => undefined)
          socket.destroy()
        }
        resolve(value)
      }
      const fail = (): void => end(null)
      socket.once('connect', () => end(socket))
      socket.once('error', fail)
    } catch {
      resolve(null) // an older Node knows no abstract sockets
    }
  })

/** Null: no bus, or none that lets us in. */
export async function connectSessionBus(env: Surroundings['env']): Promise<SessionBus | null> {
  for (const path of socketPaths(env)) {
    const socket = await open(path)
    if (socket === null) continue
    const bus = speak(socket)
    if ((await bus.call(busCall('Hello'))) !== null) return bus
    bus.close()
  }
  return null
}

/** Reads what a bus sends: first that it lets us in, then messages. `take` gets each; `end` is called where it is no bus, or lets nobody in. */
function readerOf(take: (message: BusMessage) => void, end: () => void): (data: Buffer) => void {
  let isIn = false
  let rest: Buffer = Buffer.alloc(0)
  return (data) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    try {
      if (!isIn) {
        // "DATA", then "OK …": who we are says the socket itself. What follows are messages.
        const at = /OK [^\r]*\r\n/.exec(rest.toString('latin1'))
        if (at === null) {
          if (rest.includes('REJECTED') || rest.length > 4096) end()
          return
        }
        isIn = true
        rest = rest.subarray(at.index + at[0].length)
      }
      for (;;) {
        const size = sizeOf(rest)
        if (size === null || rest.length < size) return
        const message = decode(rest.subarray(0, size))
        rest = rest.subarray(size)
        take(message)
      }
    } catch {
      end() // not a bus
    }
  }
}

function speak(socket: Socket): SessionBus {
  let serial = 0
  let isOver = false
  const waiting = new Map<number, (body: readonly unknown[] | null) => void>()
  const filters: { readonly filter: SignalFilter; readonly listener: (body: readonly unknown[]) => void }[] =
    []
  const closed: (() => void)[] = []

  const take = (message: BusMessage): void => {
    if (message.kind === 'signal') {
      for (const { filter, listener } of filters)
        if (
          message.interface === filter.interface &&
          message.member === filter.member &&
          (filter.arg0 === undefined || message.body[0] === filter.arg0)
        )
          listener(message.body)
      return
    }
    const answer = waiting.get(message.replySerial ?? 0)
    if (answer === undefined) return
    waiting.delete(message.replySerial ?? 0)
    answer(message.kind === 'reply' ? message.body : null)
  }
  const end = (): void => {
    if (isOver) return
    isOver = true
    socket.destroy()
    for (const answer of waiting.values()) answer(null)
    waiting.clear()
    closed.forEach((listener) => listener())
  }
  socket.on('error', () => undefined)
  socket.on('close', end)
  socket.on('data', readerOf(take, end))
  socket.write('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n')

  const call = (what: BusCall): Promise<readonly unknown[] | null> =>
    new Promise((resolve) => {
      if (isOver) return resolve(null)
      const own = ++serial
      const timer = setTimeout(() => {
        waiting.delete(own)
        resolve(null)
      }, CALL_MS)
      timer.unref()
      waiting.set(own, (body) => {
        clearTimeout(timer)
        resolve(body)
      })
      socket.write(encode({ kind: 'call', serial: own, ...what, body: what.body ?? [] }))
    })
  return {
    call,
    onSignal(filter, listener) {
      filters.push({ filter, listener })
      const { sender, interface: name, member, arg0 } = filter
      const rule = `type='signal',sender='${sender}',interface='${name}',member='${member}'`
      void call(busCall('AddMatch', 's', arg0 === undefined ? rule : `${rule},arg0='${arg0}'`))
    },
    onClosed: (listener) => void closed.push(listener),
    close() {
      closed.length = 0
      end()
    },
  }
}
