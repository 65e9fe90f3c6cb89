/** The coordination API over HTTP: every call, from request to answer. */
import { Hono } from 'hono'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { CHALLENGE_HEADER, extensions } from '../../shared/extensions.ts'
import { toMachineKey } from '../../shared/session.ts'
import type { EpochMs } from '../../shared/time.ts'
import { refuseForeign, type Access } from './access.ts'
import { refuse, refuseField, unavailable } from './answers.ts'
import { readBody } from './body.ts'
import { callerAddress, networkOf, type ProxyTrust } from './caller-address.ts'
import type { Feed } from './change-feed.ts'
import { withinBudget, type Limits } from './connections.ts'
import type { Streams } from './events.ts'
import { guard, type GuardRules } from './guard.ts'
import {
  knownTags,
  queryOf,
  toCall,
  toKey,
  toList,
  toResponse,
  toTagged,
  type Env,
  type Http,
} from './http-call.ts'
import type { Metrics } from './metrics.ts'
import { openApi } from './openapi.ts'
import { reads, type Read } from './reads.ts'
import { parse, queries } from './requests.ts'
import type { Answer, Caller, Overview, Store } from './store.ts'
import { rootAnswer } from './root-page.ts'
import { claimWithin } from './waiting-claims.ts'
import { writes, type Write } from './writes.ts'

export interface AppDeps {
  readonly store: Store
  readonly rules: GuardRules
  readonly access: Access
  /** The proxies whose word on who calls them counts; null where none was named. */
  readonly proxies: ProxyTrust | null
  readonly metrics: Metrics
  /** Told of each answer. */
  readonly onAnswer?: ((answer: Answered) => void) | undefined
  /** Said by `/health`: by it, programs of the same person know their own workstation's API. */
  readonly instance: string
  /** The proof of a nonce and the address that this server listens on, by a key that only this user can read. */
  readonly prove?: ((nonce: string, baseUrl: string) => string) | undefined
  readonly feed: Feed
  readonly streams: Streams
  readonly limits: Limits
  readonly now: () => EpochMs
  readonly log: (line: string) => void
}

/** An answer that was given, for the log. */
export interface Answered {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly ms: number
  /** From where it was called: the caller's address, also behind a proxy that was named. */
  readonly address: string
  /** Whose token it was. */
  readonly caller: string | null
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const READS = new Set(['GET', 'HEAD', 'OPTIONS'])
const DOCUMENT = JSON.stringify(openApi)
const AUDIT_ROWS = 1_000
/** How soon what lasts ends for a token that was revoked. */
const LOOK_AT_TOKEN_MS = 2_000
const LIVE_PATH = '/health/live'
/** What this is, for whoever opens the address, or the one that calls begin with. */
const INDEX_PATHS: readonly string[] = ['/', '/api/coord', '/api/coord/']
const NONCE = /^[\w-]{16,128}$/

/** Builds the API on a store. */
export function createApp(deps: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    const since = performance.now()
    const refused = await admit(deps, c, next)
    tell(deps, c, refused ?? c.res, performance.now() - since)
    return refused
  })
  routes(deps, app)
  return app
}

/** Counts an answer, and logs it where that is asked for. */
function tell(deps: AppDeps, c: Http, { status }: Response, ms: number): void {
  const { method, path } = c.req
  deps.metrics.answered(KNOWN_METHODS.has(method) ? method : 'other', status, ms)
  deps.onAnswer?.({
    method,
    path,
    status,
    ms,
    address: addressOf(deps, c),
    caller: c.get('caller')?.machine ?? null,
  })
}

/** Lets a request in, or says why not. */
async function admit(deps: AppDeps, c: Http, next: () => Promise<void>): Promise<Response | undefined> {
  if (hostsOf(c) > 1) return toResponse(refuse(400, 'Host: more than one'))
  const refused = guard(originOf(c), deps.rules)
  if (refused) return toResponse(refused)
  // Whether it lives may be asked by who keeps it running, who has no token.
  if (c.req.path === LIVE_PATH) return void (await next())
  const isPage = INDEX_PATHS.includes(c.req.path) && wantsPage(c)
  const caller = await callerOf(deps, c, isPage)
  if (!caller.ok) return toResponse(caller.error)
  c.set('caller', caller.value)
  const tooMuch = deps.access.slowDown(caller.value, READS.has(c.req.method) ? 'reads' : 'writes')
  if (tooMuch) return toResponse(tooMuch)
  await next()
  return undefined
}

/** Who calls, looked at now: a token may be revoked while a call lasts. */
function callerOf(deps: AppDeps, c: Http, isPage = false): ReturnType<Access['callerOf']> {
  const { access } = deps
  const address = networkOf(addressOf(deps, c))
  const authorization = c.req.header('authorization')
  return isPage ? access.viewerOf(authorization, address) : access.callerOf(authorization, address)
}

const addressOf = ({ proxies }: AppDeps, c: Http): string =>
  callerAddress(c.env.incoming.socket.remoteAddress, (name) => c.req.header(name), proxies)

const wantsPage = (c: Http): boolean => (c.req.header('accept') ?? '').includes('text/html')

function routes(deps: AppDeps, app: Hono<Env>): void {
  app.get('/health', (c) => health(deps, c))
  app.get(LIVE_PATH, () => toResponse(live(deps)))
  for (const path of INDEX_PATHS) app.get(path, (c) => rootPage(deps, c))
  app.get('/metrics', () => metricsText(deps))
  app.get('/api/coord/whoami', (c) => toResponse(whoami(c)))
  app.get('/api/coord/audit', (c) => audit(deps, c))
  app.get('/api/coord/openapi.json', () => toResponse({ status: 200, body: DOCUMENT }))
  app.get('/api/coord/status', (c) => status(deps, c))
  app.get('/api/coord/messages/:id/receipts', (c) => receipts(deps, c))
  app.get('/api/coord/events', (c) => events(deps, c))
  for (const read of reads) app.get(`/api/coord${read.path}`, (c) => list(deps, read, c))
  for (const write of writes) app.on(write.method, `/api/coord${write.path}`, (c) => change(deps, write, c))
  refuseOtherMethods(app)
  app.notFound(() => toResponse(refuse(404, 'no such path')))
  app.onError((bug) => {
    deps.log(`a bug: ${bug.stack ?? bug.message}`)
    return toResponse(refuse(500, 'internal error'))
  })
}

/** Node keeps the first of several; another reader of the same request might take the last. */
const hostsOf = (c: Http): number =>
  c.env.incoming.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length

function originOf(c: Http): Parameters<typeof guard>[0] {
  return {
    host: c.env.incoming.headers.host,
    origin: c.req.header('origin'),
    site: c.req.header('sec-fetch-site'),
    localAddress: c.env.incoming.socket.localAddress,
  }
}

async function health({ store, instance, now, prove }: AppDeps, c: Http): Promise<Response> {
  const nonce = c.req.header(CHALLENGE_HEADER)
  if (nonce !== undefined && !NONCE.test(nonce))
    return toResponse(refuseField('X-Coord-Challenge', 'must have 16 to 128 letters, digits, - or _'))
  const baseUrl = ownBaseUrl(c)
  const usable = await store.check(now())
  const body = {
    status: usable.ok ? 'ok' : 'degraded',
    database: usable.ok ? 'connected' : 'disconnected',
    ...(usable.ok ? {} : { reason: usable.error.code, detail: usable.error.message }),
    service: 'coord',
    instance,
    idempotency: true,
    extensions,
    ...(nonce !== undefined && prove && baseUrl !== undefined ? { proof: prove(nonce, baseUrl) } : {}),
  }
  return toResponse({ status: 200, body: JSON.stringify(body) })
}

/** The address of this end of the connection: never what the caller says, which another program may have made it say. */
function ownBaseUrl(c: Http): string | undefined {
  const socket = c.env.incoming.socket
  if (socket?.localAddress === undefined) return undefined
  const address = socket.localAddress.replace(/^::ffff:/i, '')
  const scheme = 'encrypted' in socket ? 'https' : 'http'
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${socket.localPort}`
}

/** Anybody may ask this, as often as they like: it costs the database nothing. */
const live = ({ store }: AppDeps): Answer => ({
  status: 200,
  body: JSON.stringify({ status: store.isUsable() ? 'ok' : 'degraded' }),
})

async function rootPage({ store, now }: AppDeps, c: Http): Promise<Response> {
  const usable = await store.check(now())
  const found = usable.ok && wantsPage(c) ? await store.overview(null, now(), []) : undefined
  const overview = found?.ok && !found.value.isUnchanged ? found.value.value : undefined
  return toResponse(rootAnswer(usable.ok ? undefined : usable.error, wantsPage(c), overview))
}

async function metricsText({ store, now, metrics, streams }: AppDeps): Promise<Response> {
  const usable = await store.check(now())
  const headers = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }
  return toResponse({ status: 200, body: metrics.text(usable.ok, streams.count()), headers })
}

async function events(deps: AppDeps, c: Http): Promise<Response> {
  const { streams } = deps
  const query = parse(queries.events, queryOf(c))
  if (!query.ok) return toResponse(query.error)
  const after = c.req.header('last-event-id') ?? query.value.last_event_id
  if (after !== null && !/^\d{1,15}$/.test(after))
    return toResponse(refuseField('Last-Event-ID', 'must be the id of an event'))
  const foreign = refuseListening(c.get('caller'), query.value.for_machine)
  if (foreign) return toResponse(foreign)
  const outgoing = c.env.outgoing
  if (c.req.raw.method === 'HEAD') return toResponse({ status: 200, body: '' })
  const refused = await streams.open(outgoing, {
    machine: query.value.for_machine,
    caller: c.get('caller'),
    after: after === null ? null : Number(after),
  })
  if (refused) return toResponse(refused)
  // Whoever went meanwhile is not told of again: nothing would end what watches over it.
  if (outgoing.closed || outgoing.destroyed) return RESPONSE_ALREADY_SENT
  const good = whileGood(deps, c)
  good.signal.addEventListener('abort', () => outgoing.destroy())
  outgoing.on('close', () => good.end())
  return RESPONSE_ALREADY_SENT
}

/** A machine has one stream: nobody else may take it. */
function refuseListening(caller: Caller | null, machine: string | null): Answer | undefined {
  if (caller === null || caller.isAdmin || machine === null) return undefined
  return toMachineKey(machine) === toMachineKey(caller.machine)
    ? undefined
    : refuse(403, `for_machine: this token is ${caller.machine}'s`, { field: 'for_machine' })
}

function whoami(c: Http): Answer {
  const caller = c.get('caller')
  const body = { machine: caller?.machine ?? null, is_admin: caller?.isAdmin ?? false }
  return { status: 200, body: JSON.stringify(body) }
}

/** Who released, forced and revoked what: for administrators, and where nobody has to say who they are. */
async function audit({ store }: AppDeps, c: Http): Promise<Response> {
  const caller = c.get('caller')
  if (caller !== null && !caller.isAdmin)
    return toResponse(refuse(403, `audit: ${caller.machine} has no administrator's token`))
  const found = await store.access.audit(AUDIT_ROWS)
  return toResponse(found.ok ? { status: 200, body: JSON.stringify(found.value) } : unavailable(found.error))
}

interface WhileGood {
  readonly signal: AbortSignal
  /** What is answered instead, where the token is no longer good. */
  refused(): Answer | undefined
  end(): void
}

/** A signal that ends with the request, or when its token is no longer good. */
function whileGood(deps: AppDeps, c: Http): WhileGood {
  const ending = new AbortController()
  let refused: Answer | undefined
  const timer = setInterval(() => {
    callerOf(deps, c).then(
      (caller) => {
        if (caller.ok || caller.error.status !== 401) return
        refused = caller.error
        ending.abort()
      },
      (bug: unknown) => {
        deps.log(`a bug: ${String(bug)}`)
        refused = refuse(500, 'internal error')
        ending.abort()
      },
    )
  }, LOOK_AT_TOKEN_MS)
  timer.unref()
  return {
    signal: AbortSignal.any([c.req.raw.signal, ending.signal]),
    refused: () => refused,
    end: () => clearInterval(timer),
  }
}

async function status({ store, now, limits }: AppDeps, c: Http): Promise<Response> {
  const query = parse(queries.session, queryOf(c))
  if (!query.ok) return toResponse(query.error)
  const found = await store.overview(query.value.session_id, now(), knownTags(c))
  return found.ok
    ? toTagged(found.value, (overview) => withinBudget(overviewAnswer(overview), c.env.outgoing, limits))
    : toResponse(unavailable(found.error))
}

const overviewAnswer = ({ locks, components, workflows, unreadCount }: Overview): Answer => ({
  status: 200,
  body: `{"locks":${locks.rows},"components":${components.rows},"workflows":${workflows.rows},"unread_count":${unreadCount}}`,
})

async function receipts({ store, now }: AppDeps, c: Http): Promise<Response> {
  const found = await store.receipts(c.req.param('id') ?? '', now())
  if (!found.ok) return toResponse(unavailable(found.error))
  if (found.value === undefined) return toResponse(refuse(404, 'no such message'))
  return toResponse({ status: 200, body: JSON.stringify(found.value) })
}

async function list({ store, now, limits }: AppDeps, read: Read, c: Http): Promise<Response> {
  const call = toCall(c, now(), undefined)
  const query = read.toQuery(call)
  if (!query.ok) return toResponse(query.error)
  const found = await store.list(query.value, call.at, knownTags(c))
  return found.ok
    ? toTagged(found.value, (page) => withinBudget(toList(c, page, query.value), c.env.outgoing, limits))
    : toResponse(unavailable(found.error))
}

async function change(deps: AppDeps, write: Write, c: Http): Promise<Response> {
  const { store, now } = deps
  const body = await readBody(c.env.incoming, write.body, deps.limits.bodies)
  if (!body.ok) return toResponse(body.error)
  // A body may take its time: its token must be good when it is here.
  const still = await callerOf(deps, c)
  if (!still.ok) return toResponse(still.error)
  const key = toKey(c, body.value.bytes)
  if (!key.ok) return toResponse(key.error)
  const call = toCall(c, now(), body.value.json)
  const asked = write.toChange(call)
  if (!asked.ok) return toResponse(asked.error)
  const caller = c.get('caller')
  const foreign = refuseForeign(caller, asked.value)
  if (foreign) return toResponse(foreign)
  const wait = asked.value.kind === 'lock.claim' ? parse(queries.claim, call.query) : undefined
  if (wait?.ok === false) return toResponse(wait.error)
  if (asked.value.kind !== 'lock.claim' || !wait?.ok || wait.value.wait === 0) {
    const answer = await store.write(asked.value, call.at, key.value, caller)
    return toResponse(answer.ok ? answer.value : unavailable(answer.error))
  }
  const good = whileGood(deps, c)
  const asks = { change: asked.value, key: key.value, caller }
  const answer = await claimWithin(deps, asks, wait.value.wait * 1000, good.signal).finally(() => good.end())
  const refused = good.refused()
  if (refused) return toResponse(refused)
  return toResponse(answer.ok ? answer.value : unavailable(answer.error))
}

/** 405 with what is allowed, for every path that there is. */
function refuseOtherMethods(app: Hono<Env>): void {
  const methods = new Map<string, Set<string>>()
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue
    const known = methods.get(path) ?? new Set<string>()
    methods.set(path, known.add(method))
    if (method === 'GET') known.add('HEAD')
  }
  for (const [path, allowed] of methods) {
    const allow = [...allowed].join(', ')
    app.all(path, () => toResponse(refuse(405, `method not allowed; allowed: ${allow}`), { Allow: allow }))
  }
}
