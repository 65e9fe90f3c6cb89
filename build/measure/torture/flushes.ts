/** The flushes of a torture round, one after the other, each a process of its own that may be killed. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { start } from './children.ts'

/** How a flush is started. */
interface FlushCommand {
  /** The flush as one file. */
  readonly program: string
  /** What Node compiled. */
  readonly cache: string
  readonly workspace: string
  readonly home: string
  readonly lanes: number
}

export interface Flush {
  readonly child: ChildProcess
  readonly ready: Promise<unknown>
  readonly exited: Promise<unknown>
  readonly said: { errors: string }
}

export class Flushes {
  count = 0
  /** How long a flush lives that nobody kills; a guess, until some have. */
  life: number
  private readonly command: FlushCommand
  private readonly api: { readonly url: string }
  private readonly problems: string[]

  constructor(command: FlushCommand, api: { readonly url: string }, guessedLife: number, problems: string[]) {
    this.command = command
    this.api = api
    this.life = guessedLife
    this.problems = problems
  }

  /** Starts one, which waits until it is told to go. */
  spawn(waitMs: number): Flush {
    const { program, cache, workspace, home, lanes } = this.command
    const child = start(
      process.execPath,
      [program, workspace, home, this.api.url, String(waitMs), String(lanes)],
      {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: { ...process.env, NODE_COMPILE_CACHE: cache },
      },
    )
    const said = { errors: '' }
    child.stderr?.on('data', (d) => (said.errors += String(d)))
    return { child, ready: once(child, 'message'), exited: once(child, 'exit'), said }
  }

  /** Lets it go; `onTheWay` may kill it. */
  async run(flush: Flush, onTheWay?: () => Promise<void>): Promise<'killed' | 'ended'> {
    await Promise.race([flush.ready, flush.exited])
    this.count++
    const born = performance.now()
    if (flush.child.connected) flush.child.send('go', () => undefined)
    await onTheWay?.()
    await flush.exited
    if (flush.said.errors !== '') this.problems.push(`a flush said: ${flush.said.errors.trim()}`)
    if (flush.child.signalCode === 'SIGKILL') return 'killed'
    if (flush.child.exitCode !== 0) this.problems.push(`a flush ended with ${flush.child.exitCode}`)
    this.life = 0.7 * this.life + 0.3 * (performance.now() - born)
    return 'ended'
  }
}
