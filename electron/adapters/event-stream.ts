/** Server-Sent Events of the API (`GET /api/coord/events`), on a connection of their own. */
import { Client, type Dispatcher } from 'undici'
import type { EventStream, StreamEvent, StreamHandlers } from '../core/engine/listener.ts'

export interface StreamTarget {
  /** Base of the API. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

const CONNECT_TIMEOUT_MS = 5_000
/** An event is a line of a few hundred bytes; what is longer without an end is none. */
const MAX_BLOCK_LENGTH = 65_536

const isName = (name: string | undefined): name is StreamEvent['name'] =>
  name === 'ready' || name === 'change' || name === 'resync'

function kindOf(data: string | undefined): string | null {
  try {
    const value = JSON.parse(data ?? '') as { kind?: unknown } | null
    return typeof value?.kind === 'string' ? value.kind : null
  } catch {
    return null
  }
}

/** Takes a stream's text apart; a block that is no event of ours is a beat. */
function createParser(handlers: StreamHandlers): (text: string) => void {
  let rest = ''
  return (text) => {
    handlers.onBeat()
    const blocks = (rest + text).split(/\r?\n\r?\n/)
    rest = (blocks.pop() ?? '').slice(-MAX_BLOCK_LENGTH)
    for (const block of blocks) {
      const field = (name: string): string | undefined => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1]
      const name = field('event')
      if (isName(name)) handlers.onEvent({ name, kind: kindOf(field('data')) })
    }
  }
}

async function follow(body: Dispatcher.ResponseData['body'], handlers: StreamHandlers): Promise<string> {
  const parse = createParser(handlers)
  const decoder = new TextDecoder()
  for await (const chunk of body) parse(decoder.decode(chunk as Uint8Array, { stream: true }))
  return 'the server ended it'
}

/** `target`: where the API is now; null where nothing may be contacted. */
export function createEventStream(target: () => StreamTarget | null): EventStream {
  return {
    open(query, handlers) {
      const to = target()
      let isClosed = false
      const end = (why: string): void => {
        if (isClosed) return
        isClosed = true
        handlers.onEnd(why)
      }
      if (to === null) {
        end('nothing may be contacted now')
        return () => undefined
      }
      const { origin, pathname } = new URL(to.url)
      // Whether it is alive is the listener's question: undici's own limits are off.
      const client = new Client(origin, {
        connectTimeout: CONNECT_TIMEOUT_MS,
        headersTimeout: CONNECT_TIMEOUT_MS,
        bodyTimeout: 0,
        pipelining: 1,
      })
      const path = `${pathname.replace(/\/+$/, '')}/api/coord/events${query}`
      client
        .request({ method: 'GET', path, headers: { accept: 'text/event-stream', ...to.headers } })
        .then(async ({ statusCode, headers, body }) => {
          const isStream = statusCode === 200 && /^text\/event-stream\b/.test(String(headers['content-type']))
          return isStream ? await follow(body, handlers) : `it answered ${statusCode}`
        })
        .catch((cause: unknown) => (cause instanceof Error ? cause.message : String(cause)))
        .then((why) => {
          client.destroy().catch(() => undefined)
          end(why)
        })
        .catch(() => undefined)
      return () => {
        isClosed = true
        client.destroy().catch(() => undefined)
      }
    },
  }
}
