/** One request and what came of it, as undici tells it. An object for each: of thousands of calls each function made anew would count. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { Dispatcher } from 'undici'
import type { HttpCall, HttpOutcome } from '../core/ports.ts'
import { networkWords } from './network-words.ts'
import { UNPROVEN, unprovenWords } from './prove-socket.ts'

const DEFAULT_MAX = 1024 * 1024

/** Failures before the first byte went out. */
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

/** Handlers in place of a body stream: one call a time is all that strict order has, so each microsecond of it counts. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #call: HttpCall
  readonly #port: string
  readonly #resolve: (outcome: HttpOutcome) => void
  readonly #max: number
  readonly #whole: NodeJS.Timeout
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #isSettled = false
  #status = 0
  #headers: Record<string, string> = {}
  #size = 0

  /** `port`: as the address names it. `timeoutMs`: for all of it, whatever the server drips meanwhile. */
  constructor(
    call: HttpCall,
    { port, timeoutMs }: { readonly port: string; readonly timeoutMs: number },
    resolve: (outcome: HttpOutcome) => void,
  ) {
    this.#call = call
    this.#port = port
    this.#resolve = resolve
    this.#max = call.maxAnswerBytes ?? DEFAULT_MAX
    // a server that drips a byte now and then would pass the idle time-outs for ever
    this.#whole = setTimeout(tooLong, timeoutMs, this)
  }

  onRequestStart(started: Dispatcher.DispatchController): void {
    this.#controller = started
    if (this.#isSettled) started.abort(new Error('stopped'))
    // the request is written in this very turn
    else if (this.#call.onSent) queueMicrotask(this.#call.onSent)
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    fields: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status
    this.#headers = flat(fields)
  }

  onResponseData(running: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    this.#chunks.push(chunk)
    if (this.#size <= this.#max) return
    this.#answered(true)
    running.abort(new Error('the answer is longer than wanted'))
  }

  onResponseEnd(): void {
    this.#answered(false)
  }

  onResponseError(_: Dispatcher.DispatchController, error: unknown): void {
    this.failed(error)
  }

  failed(error: unknown): void {
    const code = codeOf(error)
    if (code === UNPROVEN)
      return this.#settle({ kind: 'unreachable', detail: unprovenWords(this.#port), why: 'unproven' })
    const isUnsent =
      UNSENT.has(code) ||
      code.startsWith('ERR_TLS') ||
      code.startsWith('ERR_SSL') ||
      bytesWritten(error) === 0
    this.#settle({ kind: isUnsent ? 'unreachable' : 'in-doubt', detail: networkWords(error, code) })
  }

  stop(why: string): void {
    if (this.#controller) this.#controller.abort(new Error(why))
    // still waiting for a connection: no byte went out, and `onRequestStart` sees to it that none will
    else this.#settle({ kind: 'unreachable', detail: why })
  }

  #answered(isCut: boolean): void {
    const [first] = this.#chunks
    const packed = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks)
    const bytes = unpacked(packed, this.#headers['content-encoding'], this.#max)
    this.#settle({
      kind: 'answer',
      status: this.#status,
      headers: this.#headers,
      text: bytes.toString('utf8', 0, this.#max),
      isCut: isCut || bytes.length > this.#max,
    })
  }

  #settle(outcome: HttpOutcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearTimeout(this.#whole)
    this.#resolve(outcome)
  }
}

const tooLong = (exchange: Exchange): void => exchange.stop('the answer took too long')

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
