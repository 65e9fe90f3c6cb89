/** The coordination API for a day, in memory that does not grow: what is old is forgotten, what was applied is counted by number. */
import type { Http, HttpCall, HttpOutcome } from '../../../core/ports.ts'

type Row = Record<string, unknown>
/** What the API does to a request before it looks at it. */
export type Mood = 'well' | 'away' | 'busy' | 'broken' | 'page'

export interface DayApi extends Http {
  mood: Mood
  /** Share of writes whose answer is lost. */
  lost: number
  /** How often the call of that number was applied. */
  readonly applied: Uint8Array
  readonly requests: () => number
  /** Someone elsewhere writes to a session of this machine; gives the message's number. */
  post(from: string, to: string | null): number
  /** Sessions read theirs: only the newest `keep` stay unread. */
  readAll(keep: number): void
  /** Someone elsewhere takes a lock, gives one back, or is refused one. */
  churn(n: number): void
}

const MOST_KEYS = 2_000
const MOST_SENT = 200

export function createDayApi(now: () => number, random: () => number, most: number): DayApi {
  let requests = 0
  let lastId = 0
  let messages: Row[] = []
  let sent: Row[] = []
  const locks = new Map<string, Row>()
  const components = new Map<string, Row>()
  const answers = new Map<string, { status: number; body: unknown }>()
  const applied = new Uint8Array(most)
  const iso = (at = now()): string => new Date(at).toISOString()
  const newId = (): string => `id-${++lastId}`

  function read(path: string): { status: number; body: unknown } {
    const [bare = '', query = ''] = path.split('?')
    if (bare === '/health') return { status: 200, body: { status: 'ok' } }
    for (const [resource, row] of locks) if (Number(row['until'] ?? Infinity) < now()) locks.delete(resource) // its time to live is over
    if (bare === '/api/coord/locks') return { status: 200, body: [...locks.values()] }
    if (bare === '/api/coord/components') return { status: 200, body: [...components.values()] }
    if (bare === '/api/coord/messages')
      return { status: 200, body: query.includes('unread_only') ? messages : [...messages, ...sent] }
    if (bare === '/api/coord/workflows' || bare === '/api/coord/work-items') return { status: 200, body: [] }
    if (bare === '/api/coord/status') return { status: 200, body: { locks: [], components: [] } }
    return { status: 404, body: { detail: 'not found' } }
  }

  function write(method: string, path: string, body: Row): { status: number; body: unknown } {
    const [bare = '', query = ''] = path.split('?')
    const [head, id] = bare.slice('/api/coord/'.length).split('/')
    if (head === 'messages' && method === 'POST') {
      const row = { to_session: null, ...body, id: newId(), created_at: iso(), read_at: null }
      sent = [...sent, row].slice(-MOST_SENT)
      return { status: 201, body: row }
    }
    if (head === 'messages') {
      messages = messages.filter((m) => m['id'] !== id)
      return { status: 200, body: {} }
    }
    if (head === 'components') {
      const row = { ...body, updated_at: iso() }
      components.set(`${String(body['project_key'])}/${String(body['component'])}`, row)
      return { status: 200, body: row }
    }
    if (head === 'locks' && method === 'POST') {
      const resource = String(body['resource'])
      const held = locks.get(resource)
      if (held && held['session_id'] !== body['session_id']) return { status: 409, body: { detail: held } }
      const row = held ?? {
        ...body,
        id: newId(),
        acquired_at: iso(),
        last_activity_at: iso(),
        until: now() + 7_200_000,
      }
      locks.set(resource, row)
      return { status: 200, body: row }
    }
    if (head === 'locks' && method === 'DELETE') {
      const session = new URLSearchParams(query).get('session_id')
      for (const [resource, row] of locks)
        if (id === undefined ? row['session_id'] === session : row['id'] === id) locks.delete(resource)
      return { status: 200, body: { released: 1 } }
    }
    return { status: 404, body: { detail: 'not found' } }
  }

  function handle(call: HttpCall): { status: number; body: unknown } {
    if (call.method === 'GET') return read(call.path)
    const key = call.headers['idempotency-key'] ?? ''
    const known = answers.get(key)
    if (known) return known
    const text = typeof call.body === 'string' ? call.body : ''
    const reply = write(call.method, call.path, text === '' ? {} : (JSON.parse(text) as Row))
    if (reply.status >= 300) return reply
    const number = /call (\d+)/.exec(text)?.[1]
    if (number !== undefined) applied[Number(number)] = (applied[Number(number)] ?? 0) + 1
    if (key !== '') answers.set(key, reply)
    const [oldest] = answers.keys()
    if (answers.size > MOST_KEYS && oldest !== undefined) answers.delete(oldest)
    return reply
  }

  const api: DayApi = {
    baseUrl: 'http://day',
    mood: 'well',
    lost: 0,
    applied,
    requests: () => requests,
    close: () => Promise.resolve(),
    request(call) {
      requests++
      const answer = (
        status: number,
        text: string,
        headers: Readonly<Record<string, string>> = {},
      ): Promise<HttpOutcome> =>
        Promise.resolve({
          kind: 'answer',
          status,
          headers: { 'content-type': 'application/json', date: new Date(now()).toUTCString(), ...headers },
          text,
          isCut: false,
        })
      switch (api.mood) {
        case 'away':
          return Promise.resolve({ kind: 'unreachable', detail: 'connection refused' })
        case 'busy':
          return answer(503, '{"detail":"busy","retry_after":30}', { 'retry-after': '30' })
        case 'broken':
          return answer(500, '{"detail":"oops"}')
        case 'page':
          return answer(200, '<html></html>', { 'content-type': 'text/html' })
        case 'well': {
          const isLost = call.method !== 'GET' && random() < api.lost
          if (isLost && random() < 0.5) return Promise.resolve({ kind: 'in-doubt', detail: 'cut' })
          const reply = handle(call)
          return isLost
            ? Promise.resolve({ kind: 'in-doubt', detail: 'cut' })
            : answer(reply.status, JSON.stringify(reply.body))
        }
      }
    },
    post(from, to) {
      const id = ++lastId
      messages.push({
        id: `m-${id}`,
        from_session: from,
        to_session: to,
        project_key: 'p',
        subject: `message ${id}`,
        body: 'a body of ordinary length, as sessions write them',
        created_at: iso(),
        read_at: null,
      })
      return id
    },
    readAll(keep) {
      messages = messages.slice(-keep)
    },
    churn(n) {
      const resource = `other-${n % 12}`
      const held = locks.get(resource)
      if (held) locks.delete(resource)
      else
        locks.set(resource, {
          id: newId(),
          project_key: 'p',
          // some of this machine's are left alone until they are about to turn stale
          session_id: n % 2 === 0 ? `DAY/s${n % 7}` : 'OTHER/x',
          resource,
          acquired_at: iso(now() - (n % 4) * 2_200_000),
          last_activity_at: iso(now() - (n % 4) * 2_200_000),
          ttl_hours: 0,
          refused: n % 4 === 0 ? [{ session_id: 'OTHER/y', at: iso() }] : [],
        })
    },
  }
  return api
}
