/** Stands between the app and the real API: lets calls through, or plays an API that is away, busy, slow or hung. */
import { createServer, request as callUpstream, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

type Which = 'all' | 'reads' | 'writes'

export class Gate {
  readonly port: number
  private readonly upstream: number
  private server: Server | undefined
  private busyUntil = 0
  private held: Which | null = null
  private waiting: (() => void)[] = []
  private writeDelayMs = 0

  private constructor(port: number, upstream: number) {
    this.port = port
    this.upstream = upstream
  }
  /** Away at first: nothing listens on its port. */
  static async create(upstream: number): Promise<Gate> {
    const probe = createServer()
    await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done))
    const { port } = probe.address() as AddressInfo
    await new Promise((done) => probe.close(done))
    return new Gate(port, upstream)
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
  async open(): Promise<void> {
    this.server ??= createServer((request, response) => {
      const wait = Math.ceil((this.busyUntil - Date.now()) / 1000)
      if (wait > 0) {
        response.writeHead(503, { 'content-type': 'application/json', 'retry-after': String(wait) })
        return void response.end(JSON.stringify({ detail: 'Database unavailable', retry_after: wait }))
      }
      const hand = (): void => {
        const { upstream: port } = this
        const { url: path, method, headers } = request
        const up = callUpstream(
          { host: '127.0.0.1', port, path, method, headers: { ...headers, host: `127.0.0.1:${port}` } },
          (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers)
            answer.pipe(response)
          },
        )
        up.on('error', () => response.destroy())
        request.pipe(up)
      }
      if (this.isHeld(request)) this.waiting.push(hand)
      else if (this.writeDelayMs > 0 && request.method !== 'GET') setTimeout(hand, this.writeDelayMs)
      else hand()
    })
    const { server } = this
    if (!server.listening) await new Promise<void>((done) => server.listen(this.port, '127.0.0.1', done))
  }
  async close(): Promise<void> {
    const { server } = this
    this.server = undefined
    this.held = null
    this.waiting = []
    if (!server) return
    const closed = new Promise((done) => server.close(done))
    server.closeAllConnections()
    await closed
  }
  /** From now on 503 with the seconds that are left as `Retry-After`. */
  busyFor(seconds: number): void {
    this.busyUntil = Date.now() + seconds * 1000
  }
  /** Takes calls and does not answer them, until `release`. */
  hold(which: Which): void {
    this.held = which
  }
  release(): void {
    this.held = null
    for (const hand of this.waiting.splice(0)) hand()
  }
  holds(): number {
    return this.waiting.length
  }
  delayWrites(ms: number): void {
    this.writeDelayMs = ms
  }
  private isHeld(request: IncomingMessage): boolean {
    if (this.held === null) return false
    return this.held === 'all' || (request.method === 'GET') === (this.held === 'reads')
  }
}
