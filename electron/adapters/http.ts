/** The Http port over undici: one origin, no redirects, no proxy variables, time-outs in seconds, answers capped. */
import { Pool, type buildConnector } from 'undici'
import type { Http, HttpCall, HttpOutcome } from '../core/ports.ts'
import { Exchange } from './exchange.ts'
import { connectProven, type ProofWanted } from './prove-socket.ts'

export interface HttpOptions {
  /** `http://host:port` or `https://…`, a path prefix allowed. */
  readonly baseUrl: string
  readonly connections?: number
  readonly connectTimeoutMs?: number
  readonly answerTimeoutMs?: number
  /** Where nobody configured the address: no byte of a call goes out before the server has proved itself. */
  readonly proof?: ProofWanted | null
}

export function createHttp(options: HttpOptions): Http {
  const url = new URL(options.baseUrl)
  const prefix = url.pathname.replace(/\/+$/, '')
  const answerTimeout = options.answerTimeoutMs ?? 15_000
  const connectTimeout = options.connectTimeoutMs ?? 3_000
  const pool = new Pool(url.origin, {
    connections: options.connections ?? 16,
    pipelining: 1,
    connect: options.proof ? provenConnector(options.proof, connectTimeout) : { timeout: connectTimeout },
    headersTimeout: answerTimeout,
    bodyTimeout: answerTimeout,
    keepAliveTimeout: 4_000,
  })

  const request = (call: HttpCall): Promise<HttpOutcome> =>
    new Promise((resolve) => {
      const timeoutMs = call.timeoutMs ?? answerTimeout * 2
      const exchange = new Exchange(call, { port: url.port, timeoutMs }, resolve)
      // without this wish a server or a proxy may pack its answers as it likes
      const headers: Record<string, string> = {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...call.headers,
      }
      if (call.body !== undefined) headers['content-type'] ??= 'application/json'
      // undici sends any token as a method; its types list the usual ones
      const { method, path, body = null, timeoutMs: idleMs } = call
      const idle = idleMs === undefined ? {} : { headersTimeout: idleMs, bodyTimeout: idleMs }
      try {
        pool.dispatch({ method, path: prefix + path, headers, body, ...idle }, exchange)
      } catch (error) {
        exchange.failed(error)
      }
    })

  return { baseUrl: options.baseUrl.replace(/\/+$/, ''), request, close: () => pool.destroy() }
}

const provenConnector =
  (proof: ProofWanted, timeoutMs: number): buildConnector.connector =>
  ({ hostname, port }, callback) => {
    connectProven({ host: hostname, port: Number(port), timeoutMs }, proof).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error as Error, null),
    )
  }
