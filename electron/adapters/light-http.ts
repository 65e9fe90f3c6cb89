/**
 * The Http port over node:http: one base URL, no redirects, no proxy variables, a deadline, a capped answer. Loads little
 * and starts at once, for commands and hooks that make a few calls.
 */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Http, HttpCall, HttpOutcome } from '../core/ports.ts'
import { networkWords } from './network-words.ts'
import { connectProven, UNPROVEN, type ProofWanted } from './prove-socket.ts'

const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 5_000

export interface LightHttpOptions {
  readonly baseUrl: string
  /** Sent as a bearer; only to an address that a person configured. */
  readonly token?: string | null
  /** Where nobody configured the address: no byte of a call goes out before the server has proved itself. */
  readonly proof?: ProofWanted | null
  /** For a whole call, in milliseconds; 5 000 where absent. */
  readonly timeoutMs?: number
}

const headersOf = (res: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(res.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )

/** An agent whose connections to this machine prove themselves first. */
class ProvenAgent extends HttpAgent {
  readonly #proof: ProofWanted
  readonly #timeoutMs: number
  constructor(proof: ProofWanted, timeoutMs: number) {
    super({ keepAlive: true })
    this.#proof = proof
    this.#timeoutMs = timeoutMs
  }
  override createConnection(
    options: { readonly host?: string | null; readonly port?: string | number | null },
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const at = { host: options.host ?? '127.0.0.1', port: Number(options.port), timeoutMs: this.#timeoutMs }
    connectProven(at, this.#proof).then(
      (socket) => callback?.(null, socket),
      (error: unknown) => callback?.(error as Error, undefined as unknown as Duplex),
    )
    return undefined
  }
}

export function createLightHttp(options: LightHttpOptions): Http {
  const base = new URL(options.baseUrl)
  const longest = options.timeoutMs ?? TIMEOUT_MS
  const agent = agentFor(base, longest, options.proof)
  return {
    baseUrl: options.baseUrl,
    request: (call) =>
      new Promise((resolve) => {
        const { req, payload } = startRequest(base, agent, options.token, call)
        new LightExchange(req, call, call.timeoutMs ?? longest, resolve)
        req.end(payload)
      }),
    close: () => {
      agent.destroy()
      return Promise.resolve()
    },
  }
}

const isTls = ({ protocol }: { readonly protocol: string }): boolean => protocol === 'https:'

function agentFor(base: URL, timeoutMs: number, proof: ProofWanted | null | undefined): HttpAgent {
  if (isTls(base)) return new HttpsAgent({ keepAlive: true })
  return proof ? new ProvenAgent(proof, timeoutMs) : new HttpAgent({ keepAlive: true })
}

function startRequest(
  base: URL,
  agent: HttpAgent,
  token: string | null | undefined,
  call: HttpCall,
): { readonly req: ClientRequest; readonly payload: Buffer | undefined } {
  const payload = call.body === undefined ? undefined : Buffer.from(call.body)
  const req = (isTls(base) ? httpsRequest : httpRequest)({
    protocol: base.protocol,
    hostname: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port || (isTls(base) ? 443 : 80),
    path: base.pathname.replace(/\/+$/, '') + call.path,
    method: call.method,
    agent,
    headers: {
      accept: 'application/json',
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': payload.length }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...call.headers,
    },
  })
  return { req, payload }
}

/** One request and what came of it. */
class LightExchange {
  readonly #req: ClientRequest
  readonly #max: number
  readonly #timer: NodeJS.Timeout
  readonly #resolve: (outcome: HttpOutcome) => void
  #isSent = false

  constructor(
    req: ClientRequest,
    { maxAnswerBytes = ANSWER_LIMIT_BYTES }: HttpCall,
    timeoutMs: number,
    resolve: (outcome: HttpOutcome) => void,
  ) {
    this.#req = req
    this.#max = maxAnswerBytes
    this.#resolve = resolve
    this.#timer = setTimeout(() => {
      const late = new Error(`no answer within ${timeoutMs / 1000} s`)
      req.destroy(late)
      // a request that still waits for its connection tells of its end only when it has one
      this.#fail(late)
    }, timeoutMs)
    req.on('socket', (socket) => {
      if (!socket.connecting) this.#isSent = true
      else socket.once(isTls(req) ? 'secureConnect' : 'connect', () => (this.#isSent = true))
    })
    req.on('error', (error) => this.#fail(error))
    req.on('response', (res) => this.#read(res))
  }

  #read(res: IncomingMessage): void {
    const chunks: Buffer[] = []
    let size = 0
    const answered = (isCut: boolean): void =>
      this.#end({
        kind: 'answer',
        status: res.statusCode ?? 0,
        headers: headersOf(res),
        text: Buffer.concat(chunks).toString('utf8', 0, this.#max),
        isCut,
      })
    res.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= this.#max) return
      answered(true)
      this.#req.destroy()
    })
    res.on('error', (error) => this.#fail(error))
    res.on('aborted', () => this.#fail(new Error('the answer was cut off')))
    res.on('end', () => answered(false))
  }

  #fail(error: Error & { readonly code?: string }): void {
    const { code = '', message } = error
    if (code === UNPROVEN) this.#end({ kind: 'unreachable', detail: message, why: 'unproven' })
    else this.#end({ kind: this.#isSent ? 'in-doubt' : 'unreachable', detail: networkWords(error, code) })
  }

  #end(outcome: HttpOutcome): void {
    clearTimeout(this.#timer)
    this.#resolve(outcome)
  }
}
