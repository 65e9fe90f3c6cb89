/** The API of a round, a process of its own that may be killed and comes back on the same port. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { start } from './children.ts'

/** `ours` honours keys; `sighted` ignores them and can be asked what it has; `blind` ignores them and cannot. */
export type ApiKind = 'ours' | 'sighted' | 'blind'

const NO_KEY = 'no-key'
const here = import.meta.dirname

export class TortureApi {
  /** The key of each write that arrived, in order, repeats too. */
  readonly arrivals: string[] = []
  kills = 0
  url = ''
  private child: ChildProcess | undefined
  private isDrained = Promise.resolve()
  private readonly waiting = new Set<() => void>()
  readonly kind: ApiKind
  private readonly root: string

  private readonly cache: string
  private readonly isSilent: boolean

  /** `isSilent`: it does not say that it keeps keys. */
  constructor(kind: ApiKind, root: string, cache: string, isSilent: boolean) {
    this.isSilent = isSilent
    this.cache = cache
    this.kind = kind
    this.root = root
  }

  /** The database of our own API, or the other one's log. */
  get file(): string {
    return join(this.root, this.kind === 'ours' ? 'coord.db' : 'effects.jsonl')
  }

  async start(): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port
    const watched = ['--import', join(here, 'arrivals.ts')]
    const args =
      this.kind === 'ours'
        ? [join(here, '../../../electron/api/main.ts'), '--port', port, '--database', this.file]
        : [join(here, 'plain-server.ts'), port, this.file, this.kind]
    const child = start(process.execPath, [...watched, ...args], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      env: {
        ...process.env,
        COORD_TOKEN: '',
        NODE_COMPILE_CACHE: this.cache,
        TORTURE_SILENT: this.isSilent ? '1' : '0',
      },
    })
    this.child = child
    const told = createInterface({ input: child.stdio[3] as Readable })
    this.isDrained = once(told, 'close').then(() => undefined)
    told.on('line', (key) => {
      if (key === NO_KEY) return
      this.arrivals.push(key)
      for (const wake of this.waiting) wake()
    })
    const up = once(createInterface({ input: child.stdout as Readable }), 'line') as Promise<[string]>
    const [line] = await Promise.race([
      up,
      once(child, 'exit').then(() => Promise.reject(new Error('the API of this round did not start'))),
    ])
    this.url = (JSON.parse(line) as { listening: string }).listening
  }

  /** Calls back once, at the n-th arrival from now; the returned function forgets it. */
  atArrival(n: number, then: () => void): () => void {
    const goal = this.arrivals.length + n
    const wake = (): void => {
      if (this.arrivals.length < goal) return
      this.waiting.delete(wake)
      then()
    }
    this.waiting.add(wake)
    return () => void this.waiting.delete(wake)
  }

  /** Makes some workflows for work items to belong to; these calls are no part of the round. */
  async makeWorkflows(count: number): Promise<string[]> {
    const ids: string[] = []
    while (ids.length < count) {
      const answer = await fetch(`${this.url}/api/coord/workflows`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ project_key: 'p', name: `made before ${ids.length}` }),
      })
      ids.push(String(((await answer.json()) as { id: unknown }).id))
    }
    return ids
  }

  /** Dies at this instant, whatever it is doing; what it had told before is still heard. */
  async kill(): Promise<void> {
    const child = this.child
    if (!child) return
    this.child = undefined
    this.kills++
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await this.isDrained
  }

  async stop(): Promise<void> {
    const child = this.child
    if (!child) return
    this.child = undefined
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
    await this.isDrained
  }
}
