/**
 * The Http port over node:http: one base URL, no redirects, no proxy variables, a deadline, a capped answer. Loads little
 * and starts at once, for commands and hooks that make a few calls.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
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
  const isTls = base.protocol === 'https:'
  const longest = options.timeoutMs ?? TIMEOUT_MS
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true })
    : options.proof
      ? new ProvenAgent(options.proof, longest)
      : new HttpAgent({ keepAlive: true })
  const prefix = base.pathname.replace(/\/+$/, '')

  function start(call: HttpCall) {
    const payload = call.body === undefined ? undefined : Buffer.from(call.body)
    const req = (isTls ? httpsRequest : httpRequest)({
      protocol: base.protocol,
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port || (isTls ? 443 : 80),
      path: prefix + call.path,
      method: call.method,
      agent,
      headers: {
        accept: 'application/json',
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': payload.length }),
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
        ...call.headers,
      },
    })
    return { req, payload }
  }

  function request(call: HttpCall): Promise<HttpOutcome> {
    const timeoutMs = call.timeoutMs ?? longest
    return new Promise((resolve) => {
      const { req, payload } = start(call)
      const max = call.maxAnswerBytes ?? ANSWER_LIMIT_BYTES
      let isSent = false
      const timer = setTimeout(() => {
        const late = new Error(`no answer within ${timeoutMs / 1000} s`)
        req.destroy(late)
        // a request that still waits for its connection tells of its end only when it has one
        fail(late)
      }, timeoutMs)
      const end = (outcome: HttpOutcome): void => {
        clearTimeout(timer)
        resolve(outcome)
      }
      const fail = (error: Error & { code?: string }): void => {
        if (error.code === UNPROVEN) end({ kind: 'unreachable', detail: error.message, why: 'unproven' })
        else end({ kind: isSent ? 'in-doubt' : 'unreachable', detail: networkWords(error, error.code ?? '') })
      }
      req.on('socket', (socket) => {
        if (socket.connecting) socket.once(isTls ? 'secureConnect' : 'connect', () => (isSent = true))
        else isSent = true
      })
      req.on('error', fail)
      req.on('response', (res) => {
        const chunks: Buffer[] = []
        let size = 0
        const answered = (isCut: boolean): void =>
          end({
            kind: 'answer',
            status: res.statusCode ?? 0,
            headers: headersOf(res),
            text: Buffer.concat(chunks).toString('utf8', 0, max),
            isCut,
          })
        res.on('data', (chunk: Buffer) => {
          size += chunk.length
          chunks.push(chunk)
          if (size <= max) return
          answered(true)
          req.destroy()
        })
        res.on('error', fail)
        res.on('aborted', () => fail(new Error('the answer was cut off')))
        res.on('end', () => answered(false))
      })
      req.end(payload)
    })
  }
  return {
    baseUrl: options.baseUrl,
    request,
    close: () => {
      agent.destroy()
      return Promise.resolve()
    },
  }
}
