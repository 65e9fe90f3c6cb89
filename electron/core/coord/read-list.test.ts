import { describe, expect, it } from 'vitest'
import type { Extension } from '../../../shared/extensions.ts'
import { UNKNOWN_SERVER } from './connection-port.ts'
import { createCoordClient } from './coord-client.ts'
import type { HttpOutcome } from '../ports.ts'

type Row = { readonly id: string; readonly project_key: string; readonly session_id: string }
type Params = ReadonlyMap<string, string>

interface Server {
  readonly rows: Row[]
  readonly asked: string[]
  /** Called after each answer: rows may come and go meanwhile. */
  after: () => void
}

const rowsOf = (n: number, project = 'p'): Row[] =>
  Array.from({ length: n }, (_, i) => ({ id: `${project}-${i}`, project_key: project, session_id: 'M/a' }))

type Page = (
  rows: readonly Row[],
  params: Params,
  path: string,
) => Partial<HttpOutcome> & { readonly body: unknown }

/** A server in memory that pages in its own way. */
function serve(
  rows: Row[],
  page: Page,
  extensions: readonly Extension[] = [],
  projects: readonly string[] = [],
) {
  const server: Server = { rows, asked: [], after: () => undefined }
  const connection = {
    server: () => ({ ...UNKNOWN_SERVER, extensions: new Set(extensions) }),
    get(path: string): Promise<HttpOutcome> {
      server.asked.push(path)
      const [bare = '', query = ''] = path.split('?', 2)
      const params = new Map(
        query.split('&').map((f) => f.split('=', 2).map(decodeURIComponent) as [string, string]),
      )
      const mine = bare === '/api/coord/locks' ? server.rows : []
      const project = params.get('project_key')
      const given = page(
        project === undefined ? mine : mine.filter((r) => r.project_key === project),
        params,
        bare,
      )
      const answer: HttpOutcome = {
        kind: 'answer',
        status: 200,
        headers: {},
        isCut: false,
        ...given,
        text: JSON.stringify(given.body),
      } as HttpOutcome
      server.after()
      return Promise.resolve(answer)
    },
  }
  return {
    server,
    connection,
    client: createCoordClient(connection, { hints: () => ({ projects, sessions: [] }) }),
  }
}

const number = (params: Params, name: string, otherwise: number): number =>
  Number(params.get(name) ?? otherwise)
const CAP = 100

/** Keyset pages with links, as our server gives them. */
const keyset: Page = (rows, params, path) => {
  const limit = Math.min(number(params, 'limit', 50), 1_000)
  const after = params.get('after')
  const from = after === undefined ? 0 : rows.findIndex((r) => r.id > after)
  const part = from < 0 ? [] : rows.slice(from, from + limit)
  const last = part.at(-1)?.id ?? ''
  const isMore = from >= 0 && from + limit < rows.length
  return {
    body: part,
    headers: isMore
      ? { link: `<http://elsewhere.example/prefix${path}?after=${last}&limit=${limit}>; rel="next"` }
      : {},
  }
}
const slice = (rows: readonly Row[], params: Params): readonly Row[] => {
  const limit = Math.min(number(params, 'limit', CAP), CAP)
  return rows.slice(number(params, 'offset', 0), number(params, 'offset', 0) + limit)
}
const bare: Page = (rows) => ({ body: rows.slice(0, CAP) })
const offsets: Page = (rows, params) => ({ body: slice(rows, params) })
const totals: Page = (rows, params) => ({ body: { items: slice(rows, params), total: rows.length } })
const links: Page = (rows, params, path) => {
  const offset = number(params, 'offset', 0) + CAP
  return {
    body: slice(rows, params),
    headers: {
      'x-total-count': String(rows.length),
      ...(offset < rows.length ? { link: `<${path}?limit=${CAP}&offset=${offset}>; rel="next"` } : {}),
    },
  }
}

const sorted = (n: number): Row[] => rowsOf(n).map((r, i) => ({ ...r, id: String(i).padStart(6, '0') }))

describe('a list is read to its end', () => {
  it.each([
    ['by key', keyset, ['pages']],
    ['by key, where /health names no extension', keyset, []],
    ['by offset', offsets, []],
    ['by offset and a total', totals, []],
    ['by offset links', links, []],
  ] as const)('%s', async (_, page, extensions) => {
    for (const n of [0, 1, 99, 100, 101, 200, 1_001, 10_001]) {
      const { client } = serve(sorted(n), page, extensions)
      const read = await client.locks()
      expect(read).toMatchObject({ kind: 'rows', cap: null, unreadable: 0 })
      expect(new Set(read.kind === 'rows' ? read.rows.map((r) => r.id) : []).size).toBe(n)
    }
  })

  it.each([
    ['by key', keyset],
    ['by offset', offsets],
    ['by offset and a total', totals],
    ['by offset links', links],
  ] as const)('%s, while what was read goes', async (_, page) => {
    const { client, server } = serve(sorted(450), page)
    // each page that was seen is worked off, as an inbox is
    server.after = () => void server.rows.splice(0, 90)
    const all = new Set(sorted(450).map((r) => r.id))
    const read = await client.locks()
    for (const row of read.kind === 'rows' ? read.rows : []) all.delete(row.id)
    // only rows that were gone before anybody could ask for them are missing
    const gone = new Set(
      sorted(450)
        .slice(0, 450 - server.rows.length)
        .map((r) => r.id),
    )
    expect([...all].filter((id) => !gone.has(id))).toEqual([])
  })

  it('asks a server with pages for large ones, newest first', async () => {
    const { client, server } = serve(sorted(3), keyset, ['pages'])
    await client.locks()
    expect(server.asked).toEqual(['/api/coord/locks?limit=1000&order=newest'])
  })

  it('asks a server that knows no pages once, where its list is short', async () => {
    const { client, server } = serve(sorted(19), offsets)
    await client.locks()
    expect(server.asked).toEqual(['/api/coord/locks'])
  })

  it('follows no link to another path, and ends where links lead in a circle', async () => {
    const elsewhere: Page = (rows) => ({ body: rows, headers: { link: '</api/other?after=1>; rel="next"' } })
    expect(await serve(sorted(3), elsewhere).client.locks()).toMatchObject({ cap: null })
    const circle: Page = (rows) => ({ body: rows, headers: { link: '</api/coord/locks?after=1>; rel=next' } })
    const { client, server } = serve(sorted(3), circle)
    await client.locks()
    expect(server.asked.length).toBe(2)
  })

  it('is asked for by each name of a machine, where the server narrows a list to one', async () => {
    const { client, server } = serve(sorted(3), keyset, ['pages', 'for_machine'])
    await client.locks({ machine: { name: 'NEW', aliases: ['OLD', 'new'] } })
    expect(server.asked).toEqual([
      '/api/coord/locks?for_machine=new&limit=1000&order=newest',
      '/api/coord/locks?for_machine=old&limit=1000&order=newest',
    ])
  })
})

describe('a server that ends its list early', () => {
  it('is noticed, and asked narrower for each project that is known', async () => {
    const rows = [...rowsOf(CAP, 'a'), ...rowsOf(30, 'b')]
    // nothing tells of project b
    expect(await serve(rows, bare).client.locks()).toMatchObject({ cap: CAP, rows: { length: CAP } })
    const { client } = serve(rows, bare, [], ['b'])
    expect(await client.locks()).toMatchObject({ cap: CAP, rows: { length: CAP + 30 } })
  })

  it('is not suspected where a total says that it is whole', async () => {
    const whole: Page = (rows) => ({ body: rows, headers: { 'x-total-count': String(rows.length) } })
    const { client, server } = serve(sorted(100), whole)
    expect(await client.locks()).toMatchObject({ cap: null })
    expect(server.asked.length).toBe(1)
  })

  it('is one whose answer is longer than can be taken', async () => {
    const cut: Page = (_, params) => ({ body: [], isCut: !params.has('project_key') })
    expect(await serve([], cut).client.locks()).toMatchObject({ kind: 'rows', cap: 0 })
  })
})

describe('a list that cannot be read', () => {
  it('is none where the API has no such list, and paused where it is away', async () => {
    const none: Page = () => ({ body: { detail: 'x' }, status: 404 })
    expect(await serve([], none).client.locks()).toEqual({ kind: 'none', status: 404 })
    const away: Page = () => ({ body: { detail: 'the database is away' }, status: 503 })
    expect(await serve([], away).client.locks()).toEqual({ kind: 'paused', detail: 'the database is away' })
  })

  it('is paused, not short, where the API goes away in the middle', async () => {
    let pages = 0
    const dying: Page = (rows, params, path) =>
      pages++ < 2 ? keyset(rows, params, path) : { body: {}, status: 500 }
    expect(await serve(sorted(400), dying).client.locks()).toMatchObject({ kind: 'paused' })
  })
})

describe('a list that is read again and again', () => {
  it('and merely has a round number of rows is not asked for a session at a time at each reading', async () => {
    const { connection, server } = serve(sorted(20), bare)
    const hints = () => ({ projects: Array.from({ length: 50 }, (_, i) => `p${i}`), sessions: [] })
    const client = createCoordClient(connection, { hints, isRepeated: true })
    await client.locks()
    const first = server.asked.length
    for (let i = 0; i < 10; i++) expect(await client.locks()).toMatchObject({ rows: { length: 20 }, cap: 20 })
    expect(server.asked.length - first).toBe(10)
  })
  it('is asked narrower again where its number of rows changed, and after a while in any case', async () => {
    const rows = sorted(20)
    const { connection, server } = serve(rows, bare)
    const client = createCoordClient(connection, {
      hints: () => ({ projects: ['b'], sessions: [] }),
      isRepeated: true,
    })
    await client.locks()
    const first = server.asked.length
    for (let i = 0; i < 21; i++) await client.locks()
    expect(server.asked.length - first).toBeGreaterThan(21)
    const then = server.asked.length
    rows.push(...rowsOf(5, 'c'))
    for (let i = 0; i < 5; i++) await client.locks()
    expect(server.asked.length - then).toBeGreaterThan(5)
  })

  it('is asked for by its tag, and what has not changed is not sent again', async () => {
    const rows = sorted(2_500)
    let sent = 0
    const connection = {
      server: () => ({ ...UNKNOWN_SERVER, extensions: new Set<Extension>(['pages', 'etag']) }),
      get(
        path: string,
        { ifNoneMatch }: { readonly ifNoneMatch?: string | undefined } = {},
      ): Promise<HttpOutcome> {
        const etag = `W/"${rows.length}"`
        const params = new Map(
          (path.split('?')[1] ?? '')
            .split('&')
            .map((f) => f.split('=', 2).map(decodeURIComponent) as [string, string]),
        )
        const { body, headers } = keyset(rows, params, '/api/coord/locks') as { body: Row[]; headers: object }
        const isKnown = ifNoneMatch === etag
        if (!isKnown) sent += body.length
        return Promise.resolve({
          kind: 'answer',
          status: isKnown ? 304 : 200,
          headers: { ...(isKnown ? {} : headers), etag },
          text: isKnown ? '' : JSON.stringify(body),
          isCut: false,
        })
      },
    }
    const client = createCoordClient(connection, { isRepeated: true })
    for (const expected of [2_500, 0, 0, 2_501]) {
      if (expected === 2_501) rows.push({ ...(rows[0] as Row), id: '999999' })
      sent = 0
      const read = await client.locks()
      expect([sent, read.kind === 'rows' && read.rows.length]).toEqual([expected, rows.length])
    }
  })
})
