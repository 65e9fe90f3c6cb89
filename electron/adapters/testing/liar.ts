/** A real HTTP server on 127.0.0.1 around a FakeApi, that a test makes lie, one request at a time. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { FakeApi, type Reply } from '../../testing/machine/api.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly isWrite: boolean
  /** How many writes came before this one. */
  readonly n: number
  readonly req: IncomingMessage
  readonly res: ServerResponse
}
/** A reply, `'handled'` where the lie wrote (or broke) the answer itself, or undefined for the truth. */
export type Lie = (asked: Asked) => Reply | 'handled' | undefined

export class Liar {
  readonly api = new FakeApi()
  lie: Lie = () => undefined
  /** Does not wait for the request's body before it lies. */
  isHasty = false
  url = ''
  private writes = 0
  private server: Server | undefined
  private readonly sockets = new Set<Socket>()

  async listen(port = 0): Promise<this> {
    const server = createServer((req, res) => {
      const isWrite = req.method !== 'GET'
      const chunks: Buffer[] = []
      const asked = (): Asked => ({
        method: req.method ?? '',
        path: req.url ?? '',
        body: Buffer.concat(chunks).toString('utf8'),
        isWrite,
        n: isWrite ? this.writes++ : this.writes,
        req,
        res,
      })
      req.on('error', () => undefined)
      res.on('error', () => undefined)
      if (this.isHasty && isWrite) {
        this.answer(asked())
        return
      }
      req.on('data', (chunk: Buffer) => chunks.push(chunk))
      req.on('end', () => this.answer(asked()))
    })
    server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.sockets.delete(socket))
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    this.server = server
    this.url = `http://127.0.0.1:${this.port}`
    return this
  }

  get port(): number {
    return (this.server?.address() as AddressInfo | null)?.port ?? Number(new URL(this.url).port)
  }

  /** What the truthful API says; the effect happens. */
  truth(asked: Asked): Reply {
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(asked.req.headers))
      if (typeof value === 'string') headers[name] = value
    return this.api.handle(asked.method, asked.path, headers, asked.body)
  }

  async close(): Promise<void> {
    const server = this.server
    this.server = undefined
    if (!server) return
    for (const socket of this.sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  private answer(asked: Asked): void {
    const lied = this.lie(asked)
    if (lied === 'handled') return
    const reply = lied ?? this.truth(asked)
    const text =
      reply.body === undefined ? '' : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
    asked.res.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    asked.res.end(text)
  }
}
