/** A connection to an API in memory: what a test sets is what it answers. */
import type { ConnectionView } from '../../../shared/connection.ts'
import { UNKNOWN_SERVER, type Connection, type ServerFacts } from '../../core/coord/connection-port.ts'
import type { HttpCall, HttpOutcome } from '../../core/ports.ts'

export const answer = (status: number, json: unknown): HttpOutcome => ({
  kind: 'answer',
  status,
  headers: {},
  text: JSON.stringify(json),
  isCut: false,
})

export interface FakeConnection extends Connection {
  isUp: boolean
  facts: ServerFacts
  readonly gets: string[]
  readonly sent: HttpCall[]
  onGet: (path: string) => HttpOutcome | Promise<HttpOutcome>
  onSend: (call: HttpCall) => HttpOutcome | Promise<HttpOutcome>
}

export function createFakeConnection(): FakeConnection {
  const view = (): ConnectionView => ({
    state: fake.isUp ? 'online' : 'offline',
    since: '2026-01-01T00:00:00.000Z',
    detail: '',
    until: null,
  })
  const fake: FakeConnection = {
    isUp: true,
    facts: UNKNOWN_SERVER,
    gets: [],
    sent: [],
    onGet: () => answer(200, []),
    onSend: () => answer(200, {}),
    view,
    onChange: () => () => undefined,
    ensure: () => Promise.resolve(fake.isUp),
    isReady: () => fake.isUp,
    retryNow: () => undefined,
    start: () => undefined,
    stop: () => undefined,
    async get(path) {
      fake.gets.push(path)
      return fake.onGet(path)
    },
    async send(call) {
      fake.sent.push(call)
      return fake.onSend(call)
    },
    serverSkewMs: () => 0,
    server: () => fake.facts,
  }
  return fake
}
