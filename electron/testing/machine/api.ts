/** The coordination API in memory, small and obedient; the tests make it lie. Honours `Idempotency-Key` or not. */
export interface Arrival {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly key: string
  readonly queuedAt: string | undefined
  readonly headers: Readonly<Record<string, string>>
}
export interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
type Row = Record<string, unknown>

export class FakeApi {
  /** Every write that reached it, in order, repeats too. */
  readonly arrivals: Arrival[] = []
  /** Reads too. */
  readonly reads: string[] = []
  /** Writes that had an effect: each once where keys are honoured. */
  readonly effects: Arrival[] = []
  locks: Row[] = []
  messages: Row[] = []
  components: Row[] = []
  workflows: Row[] = []
  items: Row[] = []
  honoursKeys = true
  /** Says in `/health` that it keeps keys. */
  saysItKeepsKeys = false
  /** Keeps when a state was said (`X-Coord-Queued-At`), and lets none take the place of one that was said later. */
  ordersByCallTime = false
  private id = 0
  private readonly answers = new Map<string, Reply>()
  private readonly now: () => number

  constructor(now: () => number = () => Date.now()) {
    this.now = now
  }

  handle(method: string, path: string, headers: Readonly<Record<string, string>>, body: string): Reply {
    const [bare = '', query = ''] = path.split('?', 2)
    const params = new URLSearchParams(query)
    if (method === 'GET') {
      this.reads.push(path)
      return this.read(bare, params)
    }
    const key = headers['idempotency-key'] ?? ''
    const arrival: Arrival = { method, path, body, key, queuedAt: headers['x-coord-queued-at'], headers }
    this.arrivals.push(arrival)
    const known = this.honoursKeys ? this.answers.get(key) : undefined
    // as our server does: the answer of the first time, without what its headers said
    if (known) return { status: known.status, ...(known.body === undefined ? {} : { body: known.body }) }
    const reply = this.write(method, bare, params, parse(body), arrival.queuedAt)
    if (reply.status < 300) {
      if (reply.headers?.['x-coord-superseded'] === undefined) this.effects.push(arrival)
      if (key !== '') this.answers.set(key, reply)
    }
    return reply
  }

  private read(bare: string, params: URLSearchParams): Reply {
    const by = (rows: Row[], ...names: string[]): Reply => ({
      status: 200,
      body: rows.filter((r) => names.every((n) => !params.get(n) || r[n] === params.get(n))),
    })
    if (bare === '/health')
      return {
        status: 200,
        body: { status: 'ok', database: 'connected', ...(this.saysItKeepsKeys ? { idempotency: true } : {}) },
      }
    if (bare === '/api/coord/status')
      return { status: 200, body: { locks: [], components: [], workflows: [], unread_count: 0 } }
    if (bare === '/api/coord/locks') return by(this.locks, 'project_key', 'resource')
    if (bare === '/api/coord/messages') return by(this.messages, 'to_session')
    if (bare === '/api/coord/components') return by(this.components, 'project_key')
    if (bare === '/api/coord/workflows') return by(this.workflows, 'project_key')
    if (bare === '/api/coord/work-items') return by(this.items, 'workflow_id')
    return { status: 404, body: { detail: 'not found' } }
  }

  private write(
    method: string,
    bare: string,
    params: URLSearchParams,
    data: Row,
    queuedAt: string | undefined,
  ): Reply {
    const at = new Date(this.now()).toISOString()
    const parts = bare.slice('/api/coord/'.length).split('/').map(decodeURIComponent)
    const [head, id, third] = parts
    const add = (rows: Row[], row: Row): Reply => {
      rows.push(row)
      return { status: 201, body: row }
    }
    if (head === 'locks' && method === 'POST') {
      const held = this.locks.find(
        (l) => l['project_key'] === data['project_key'] && l['resource'] === data['resource'],
      )
      if (held)
        return held['session_id'] === data['session_id']
          ? { status: 200, body: held }
          : { status: 409, body: { detail: held } }
      return add(this.locks, { ...data, id: this.newId(), acquired_at: at })
    }
    if (head === 'locks' && method === 'DELETE') {
      const before = this.locks.length
      if (id !== undefined && !this.locks.some((l) => l['id'] === id))
        return { status: 404, body: { detail: 'no such lock' } }
      this.locks = this.locks.filter((l) =>
        id !== undefined ? l['id'] !== id : l['session_id'] !== params.get('session_id'),
      )
      return { status: 200, body: { released: before - this.locks.length } }
    }
    if (head === 'components' && method === 'PUT') {
      const project = third === undefined ? data['project_key'] : id
      const component = third ?? data['component']
      const isIt = (c: Row): boolean => c['project_key'] === project && c['component'] === component
      const effective = queuedAt !== undefined && queuedAt < at ? queuedAt : at
      const stands = this.components.find(isIt)
      if (this.ordersByCallTime && stands && String(stands['effective_at']) > effective)
        return { status: 200, body: stands, headers: { 'x-coord-superseded': 'true' } }
      const row = {
        ...data,
        project_key: project,
        component,
        updated_at: at,
        ...(this.ordersByCallTime ? { effective_at: effective } : {}),
      }
      this.components = [...this.components.filter((c) => !isIt(c)), row]
      return { status: 200, body: row }
    }
    if (head === 'messages' && method === 'POST')
      return add(this.messages, {
        to_session: null,
        ...data,
        id: this.newId(),
        created_at: at,
        read_at: null,
      })
    if (head === 'messages' && third === 'read') {
      const row = this.messages.find((m) => m['id'] === id)
      if (!row) return { status: 404, body: { detail: 'no such message' } }
      row['read_at'] = at
      return { status: 200, body: row }
    }
    if (head === 'workflows' && method === 'POST')
      return add(this.workflows, { ...data, id: this.newId(), created_at: at })
    if (head === 'work-items' && method === 'POST')
      return add(this.items, { ...data, id: this.newId(), created_at: at })
    return { status: 200, body: {} }
  }

  private newId(): string {
    this.id++
    return `id-${this.id}`
  }
}

function parse(body: string): Row {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Row) : {}
  } catch {
    return {}
  }
}
