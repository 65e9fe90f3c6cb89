/** The Http port over undici: one origin, no redirects, no proxy variables, time-outs in seconds, answers capped. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { Pool, type buildConnector, type Dispatcher } from 'undici'
import type { Http, HttpCall, HttpOutcome } from '../core/ports.ts'
import { networkWords } from './network-words.ts'
import { connectProven, UNPROVEN, unprovenWords, type ProofWanted } from './prove-socket.ts'

export interface HttpOptions {
  /** `http://host:port` or `https://…`, a path prefix allowed. */
  readonly baseUrl: string
  readonly connections?: number
  readonly connectTimeoutMs?: number
  readonly answerTimeoutMs?: number
  /** Where nobody configured the address: no byte of a call goes out before the server has proved itself. */
  readonly proof?: ProofWanted | null
}

const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
])
const DEFAULT_MAX = 1024 * 1024

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

  /** Handlers in place of a body stream: one call a time is all that strict order has, so each microsecond of it counts. */
  function request(call: HttpCall): Promise<HttpOutcome> {
    return new Promise((resolve) => {
      const max = call.maxAnswerBytes ?? DEFAULT_MAX
      const chunks: Buffer[] = []
      let controller: Dispatcher.DispatchController | undefined
      let isSettled = false
      let status = 0
      let headers: Record<string, string> = {}
      let size = 0
      const settle = (outcome: HttpOutcome): void => {
        if (isSettled) return
        isSettled = true
        clearTimeout(whole)
        resolve(outcome)
      }
      const answered = (isCut: boolean): void => {
        const packed = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
        const bytes = unpacked(packed, headers['content-encoding'], max)
        const text = bytes.toString('utf8', 0, max)
        settle({ kind: 'answer', status, headers, text, isCut: isCut || bytes.length > max })
      }
      const failed = (error: unknown): void => {
        const code = codeOf(error)
        const detail = networkWords(error, code)
        if (code === UNPROVEN)
          return settle({ kind: 'unreachable', detail: unprovenWords(url.port), why: 'unproven' })
        const isUnsent =
          UNSENT.has(code) ||
          code.startsWith('ERR_TLS') ||
          code.startsWith('ERR_SSL') ||
          bytesWritten(error) === 0
        settle({ kind: isUnsent ? 'unreachable' : 'in-doubt', detail })
      }
      const stop = (why: string): void => {
        if (controller) controller.abort(new Error(why))
        // still waiting for a connection: no byte went out, and `onRequestStart` sees to it that none will
        else settle({ kind: 'unreachable', detail: why })
      }
      // a server that drips a byte now and then would pass the idle time-outs for ever
      const whole = setTimeout(() => stop('the answer took too long'), call.timeoutMs ?? answerTimeout * 2)
      // without this wish a server or a proxy may pack its answers as it likes
      const sent: Record<string, string> = {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...call.headers,
      }
      if (call.body !== undefined) sent['content-type'] ??= 'application/json'
      try {
        pool.dispatch(
          {
            // undici sends any token as a method; its types list the usual ones
            method: call.method,
            path: prefix + call.path,
            headers: sent,
            body: call.body ?? null,
            ...(call.timeoutMs === undefined
              ? {}
              : { headersTimeout: call.timeoutMs, bodyTimeout: call.timeoutMs }),
          },
          {
            onRequestStart(started) {
              controller = started
              if (isSettled) started.abort(new Error('stopped'))
              // the request is written in this very turn
              else if (call.onSent) queueMicrotask(call.onSent)
            },
            onResponseStart(_, code, fields) {
              status = code
              headers = flat(fields)
            },
            onResponseData(running, chunk) {
              size += chunk.length
              chunks.push(chunk)
              if (size <= max) return
              answered(true)
              running.abort(new Error('the answer is longer than wanted'))
            },
            onResponseEnd: () => answered(false),
            onResponseError: (_, error) => failed(error),
          },
        )
      } catch (error) {
        failed(error)
      }
    })
  }

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

/** Some proxies pack an answer although nobody asked for it. What cannot be unpacked stays as it is, and looks like no API. */
function unpacked(bytes: Buffer, encoding: string | undefined, max: number): Buffer {
  const unpack = { gzip: gunzipSync, 'x-gzip': gunzipSync, deflate: inflateSync, br: brotliDecompressSync }[
    encoding?.trim().toLowerCase() ?? ''
  ]
  if (!unpack) return bytes
  try {
    // one byte above the limit shows that it was cut; a small answer that unpacks to a huge one is refused by zlib
    return unpack(bytes, { maxOutputLength: max + 1 })
  } catch {
    return bytes
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const out: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) out[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ')
  }
  return out
}

function codeOf(error: unknown): string {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const code: unknown = (e as Error & { code?: unknown }).code
    if (typeof code === 'string') return code
    if (e instanceof AggregateError && e.errors.length > 0) return codeOf(e.errors[0])
  }
  return ''
}

/** What undici says of a socket that broke: how many bytes had gone out on it for this request, where it knows. */
function bytesWritten(error: unknown): number | undefined {
  const socket: unknown = error instanceof Error ? (error as Error & { socket?: unknown }).socket : undefined
  const written: unknown =
    typeof socket === 'object' && socket !== null
      ? (socket as { bytesWritten?: unknown }).bytesWritten
      : undefined
  return typeof written === 'number' ? written : undefined
}
