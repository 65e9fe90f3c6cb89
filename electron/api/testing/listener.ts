/** Listens to a server's events and keeps what it hears; for tests. */
import { request, type IncomingMessage } from 'node:http'

export interface Heard {
  readonly event: string
  readonly id: number
  readonly data: Record<string, unknown>
}

export interface Listener {
  readonly answer: IncomingMessage
  readonly heard: Heard[]
  readonly isEnded: () => boolean
  /** Resolves when the condition holds; fails where nothing was heard for ten seconds. */
  until(condition: (heard: readonly Heard[]) => boolean): Promise<readonly Heard[]>
  close(): void
}

/** A test may take a minute. */
const SILENCE_MS = 40_000

/** Listens at `url`, the server's address. */
export async function listenTo(
  url: string,
  query = '',
  headers: Record<string, string> = {},
): Promise<Listener> {
  const heard: Heard[] = []
  let isEnded = false
  let changed: () => void = () => undefined
  const req = request(`${url}/api/coord/events${query}`, { headers, agent: false })
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    req.on('response', resolve).on('error', reject).end()
  })
  let text = ''
  answer.setEncoding('utf8').on('data', (part: string) => {
    text += part
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const event = field('event')
      if (event) heard.push({ event, id: Number(field('id')), data: JSON.parse(field('data') ?? '{}') })
    }
    changed()
  })
  answer.on('close', () => {
    isEnded = true
    changed()
  })
  answer.on('error', () => undefined)
  return {
    answer,
    heard,
    isEnded: () => isEnded,
    async until(condition) {
      for (let since = performance.now(), before = heard.length; !condition(heard);) {
        // A beat, or half an event, is nothing heard yet.
        const leftMs = since + SILENCE_MS - performance.now()
        if (leftMs <= 0) throw new Error(`heard only ${heard.length}: ${JSON.stringify(heard.slice(-3))}`)
        const timer = setTimeout(() => changed(), leftMs)
        await new Promise<void>((go) => (changed = go))
        clearTimeout(timer)
        if (heard.length > before) since = performance.now()
        before = heard.length
      }
      return heard
    },
    close: () => req.destroy(),
  }
}
