/** What one caller may take from all others: connections, bytes on their way in and out, time to send and to read. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import { overloaded, refuse } from './answers.ts'
import type { Answer } from './store.ts'

const MOST_CONNECTIONS = 512
const MOST_BYTES = 67_108_864
/** How long an answer may take to be read. */
const TAKE_LIMIT_MS = 30_000
const LOOK_EVERY_MS = 5_000

/** Bytes of bodies and answers on their way. */
export class Budget {
  #bytes = 0
  readonly #most: number

  constructor(most: number = MOST_BYTES) {
    this.#most = most
  }
  /** Whether there is room for them; taken where there is. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#most) return false
    this.#bytes += bytes
    return true
  }
  give(bytes: number): void {
    this.#bytes -= bytes
  }
}

export interface Limits {
  /** Bodies that are being received. */
  readonly bodies: Budget
  /** Answers that are being sent. */
  readonly answers: Budget
}

export const createLimits = (): Limits => ({ bodies: new Budget(), answers: new Budget() })

/** Takes an answer's bytes from the budget until it was read or cut; 503 where there is no room. */
export function withinBudget(
  answer: Answer,
  response: ServerResponse | undefined,
  { answers }: Limits,
): Answer {
  const bytes = Buffer.byteLength(answer.body)
  if (!response) return answer
  if (!answers.take(bytes)) return overloaded('limit', 'too many answers wait to be read')
  if (response.closed || response.destroyed) answers.give(bytes)
  else response.once('close', () => answers.give(bytes))
  return answer
}

/** Watches over a server's connections. `isStream`: an answer that lasts, and bounds itself. */
export function watchConnections(
  server: Server,
  isStream: (response: ServerResponse) => boolean,
): { stop(): void } {
  const sockets = new Set<Socket>()
  const answers = new Map<ServerResponse, { since: number | undefined }>()
  const busyWithStreams = (): number => [...answers.keys()].filter(isStream).length

  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    if (sockets.size <= MOST_CONNECTIONS || sockets.size - busyWithStreams() <= MOST_CONNECTIONS) return
    // Whoever only keeps a connection for later makes room for who asks now.
    server.closeIdleConnections()
    if (sockets.size - busyWithStreams() > MOST_CONNECTIONS)
      sayAndEnd(socket, overloaded('connections', `at most ${MOST_CONNECTIONS} at once`))
  })
  server.on('request', (_request: IncomingMessage, response: ServerResponse) => {
    answers.set(response, { since: undefined })
    response.on('close', () => answers.delete(response))
  })
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const { status, body } = refuse(417, 'Expect: only 100-continue')
    response
      .writeHead(status, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        Connection: 'close',
      })
      .end(body)
  })
  server.on('clientError', (problem: NodeJS.ErrnoException, socket: Socket) => {
    sayAndEnd(socket, parserAnswer(problem.code))
  })
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [response, seen] of answers) {
      if (!response.headersSent || isStream(response)) continue
      seen.since ??= now
      if (now - seen.since > TAKE_LIMIT_MS) response.destroy()
    }
  }, LOOK_EVERY_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** What the parser of requests refuses, in the API's shape. */
function parserAnswer(code: string | undefined): Answer {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return refuse(431, 'headers: too large')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return refuse(413, 'body: chunk extensions are too large')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuse(408, 'the request did not come in time')
    case undefined:
    default:
      return refuse(400, 'not an HTTP request')
  }
}

/** Says it on a connection that has no response object, and ends it. */
function sayAndEnd(socket: Socket, { status, body, headers }: Answer): void {
  if (!socket.writable || hasBegunAnswer(socket)) {
    socket.destroy()
    return
  }
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
  setTimeout(() => socket.destroy(), 1_000).unref()
}

/** Bytes in the middle of another answer would be taken for that answer's. */
const hasBegunAnswer = (socket: Socket & { _httpMessage?: ServerResponse | null }): boolean =>
  socket._httpMessage?.headersSent === true
