/** The socket of the session bus: where it is, how it is opened, and the messages that come over it. */
import { connect, type Socket } from 'node:net'
import type { Surroundings } from '../electron-parts.ts'
import { decode, sizeOf, type BusMessage } from './wire.ts'

const CONNECT_MS = 3_000

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

/** Null where nobody listens, or nobody answers in time. */
export const openSocket = (path: string): Promise<Socket | null> =>
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

/** Reads what a bus sends: first that it lets us in, then messages. `take` gets each; `end` is called where it is no bus, or lets nobody in. */
export function readerOf(take: (message: BusMessage) => void, end: () => void): (data: Buffer) => void {
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
