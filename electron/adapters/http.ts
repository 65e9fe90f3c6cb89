/** The Http port over undici: one origin, no redirects, no proxy variables, time-outs in seconds, answers capped. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { Pool } from 'undici'
import type { Http, HttpCall, HttpOutcome } from '../core/ports.ts'

export interface HttpOptions {
  /** `http://host:port` or `https://…`, a path prefix allowed. */
  readonly baseUrl: string
  readonly connections?: number
  readonly connectTimeoutMs?: number
  readonly answerTimeoutMs?: number
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
  const pool = new Pool(url.origin, {
    connections: options.connections ?? 16,
    pipelining: 1,
    connect: { timeout: options.connectTimeoutMs ?? 3_000 },
    headersTimeout: answerTimeout,
    bodyTimeout: answerTimeout,
    keepAliveTimeout: 4_000,
  })

  async function request(call: HttpCall): Promise<HttpOutcome> {
    const max = call.maxAnswerBytes ?? DEFAULT_MAX
    const abort = new AbortController()
    // a server that drips a byte now and then would pass the idle time-outs for ever
    const whole = setTimeout(() => abort.abort(new Error('the answer took too long')), answerTimeout * 2)
    const onAbort = (): void => abort.abort(new Error('stopped'))
    call.signal?.addEventListener('abort', onAbort)
    if (call.signal?.aborted) onAbort()
    try {
      // without this wish a server or a proxy may pack its answers as it likes
      const headers: Record<string, string> = {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...call.headers,
      }
      if (call.body !== undefined) headers['content-type'] ??= 'application/json'
      const answer = await pool.request({
        method: call.method,
        path: prefix + call.path,
        headers,
        body: call.body ?? null,
        signal: abort.signal,
      })
      const chunks: Buffer[] = []
      let size = 0
      let isCut = false
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        size += chunk.length
        chunks.push(chunk)
        if (size > max) {
          isCut = true
          break
        }
      }
      const flatHeaders = flat(answer.headers)
      const bytes = unpacked(Buffer.concat(chunks), flatHeaders['content-encoding'], max)
      return {
        kind: 'answer',
        status: answer.statusCode,
        headers: flatHeaders,
        text: bytes.subarray(0, max).toString('utf8'),
        isCut: isCut || bytes.length > max,
      }
    } catch (error) {
      const code = codeOf(error)
      const written = bytesWritten(error)
      const detail = words(error, code)
      if (UNSENT.has(code) || code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || written === 0)
        return { kind: 'unreachable', detail }
      return { kind: 'in-doubt', detail }
    } finally {
      clearTimeout(whole)
      call.signal?.removeEventListener('abort', onAbort)
    }
  }

  return { baseUrl: options.baseUrl.replace(/\/+$/, ''), request, close: () => pool.destroy() }
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

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) out[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
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

function words(error: unknown, code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is not known'
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'no connection in time'
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'no answer in time'
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection was cut'
    default:
      return error instanceof Error
        ? `${code === '' ? '' : `${code}: `}${error.message}`.slice(0, 200)
        : String(error)
  }
}
