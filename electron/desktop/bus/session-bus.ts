/** The desktop's session bus: calls, and signals as they come, over one socket that costs nothing at rest. */
import type { Socket } from 'node:net'
import type { Surroundings } from '../electron-parts.ts'
import { openSocket, readerOf, socketPaths } from './bus-socket.ts'
import { encode, type BusMessage } from './wire.ts'

const CALL_MS = 3_000

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

/** Null: no bus, or none that lets us in. */
export async function connectSessionBus(env: Surroundings['env']): Promise<SessionBus | null> {
  for (const path of socketPaths(env)) {
    const socket = await openSocket(path)
    if (socket === null) continue
    const bus = new SocketBus(socket)
    if ((await bus.call(busCall('Hello'))) !== null) return bus
    bus.close()
  }
  return null
}

type Listener = (body: readonly unknown[]) => void

const isMeant = (filter: SignalFilter, signal: BusMessage): boolean =>
  signal.interface === filter.interface &&
  signal.member === filter.member &&
  (filter.arg0 === undefined || signal.body[0] === filter.arg0)

class SocketBus implements SessionBus {
  readonly #socket: Socket
  /** Calls without an answer yet, by their serial. */
  readonly #waiting = new Map<number, (body: readonly unknown[] | null) => void>()
  readonly #filters: { readonly filter: SignalFilter; readonly listener: Listener }[] = []
  readonly #onClosed: (() => void)[] = []
  #serial = 0
  #isOver = false

  constructor(socket: Socket) {
    this.#socket = socket
    const end = (): void => this.#end()
    socket.on('error', () => undefined)
    socket.on('close', end)
    socket.on(
      'data',
      readerOf((message) => this.#take(message), end),
    )
    socket.write('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n')
  }

  call(what: BusCall): Promise<readonly unknown[] | null> {
    return new Promise((resolve) => {
      if (this.#isOver) return resolve(null)
      const serial = ++this.#serial
      const timer = setTimeout(() => {
        this.#waiting.delete(serial)
        resolve(null)
      }, CALL_MS)
      timer.unref()
      this.#waiting.set(serial, (body) => {
        clearTimeout(timer)
        resolve(body)
      })
      this.#socket.write(encode({ kind: 'call', serial, ...what, body: what.body ?? [] }))
    })
  }

  onSignal(filter: SignalFilter, listener: Listener): void {
    this.#filters.push({ filter, listener })
    const { sender, interface: name, member, arg0 } = filter
    const rule = `type='signal',sender='${sender}',interface='${name}',member='${member}'`
    void this.call(busCall('AddMatch', 's', arg0 === undefined ? rule : `${rule},arg0='${arg0}'`))
  }

  onClosed(listener: () => void): void {
    this.#onClosed.push(listener)
  }

  /** Nobody is told: it is this side that ends it. */
  close(): void {
    this.#onClosed.length = 0
    this.#end()
  }

  #take(message: BusMessage): void {
    if (message.kind === 'signal') {
      for (const { filter, listener } of this.#filters) if (isMeant(filter, message)) listener(message.body)
      return
    }
    const serial = message.replySerial ?? 0
    const answer = this.#waiting.get(serial)
    if (answer === undefined) return
    this.#waiting.delete(serial)
    answer(message.kind === 'reply' ? message.body : null)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#socket.destroy()
    for (const answer of this.#waiting.values()) answer(null)
    this.#waiting.clear()
    this.#onClosed.forEach((listener) => listener())
  }
}
