/** Housekeeping in steps: one that fails or takes long stops none of the others. */
import { err, ok, type Result } from '../../shared/result.ts'
import type { StoreFault } from './store.ts'

export interface SweepStep {
  /** What it clears away, for the log. */
  readonly what: string
  /** How many rows went; a rejection is a bug. */
  readonly run: () => Promise<Result<number, StoreFault>>
}

export class Housekeeping {
  readonly #log: (line: string) => void
  /** Steps that failed when they were made last: each is said once, and once when it works again. */
  readonly #failing = new Set<string>()

  constructor(log: (line: string) => void) {
    this.#log = log
  }

  /** Makes each step, whatever became of those before it; the sum of what went, or the first fault where no step could be made. */
  async run(steps: readonly SweepStep[]): Promise<Result<number, StoreFault>> {
    const made: Made[] = []
    for (const step of steps) {
      const one = await make(step)
      if (!one.result.ok && one.result.error.code === 'closed') return one.result
      made.push(one)
    }
    const faults = made.flatMap(({ result }) => (result.ok ? [] : [result.error]))
    const [first] = faults
    // Where nothing can be done the database is away, which is said elsewhere.
    if (first && faults.length === made.length && made.every((one) => !one.isBug)) return err(first)
    for (const one of made) this.#say(one)
    return ok(made.reduce((sum, { result }) => sum + (result.ok ? result.value : 0), 0))
  }

  #say({ what, result }: Made): void {
    if (result.ok) {
      if (this.#failing.delete(what)) this.#log(`housekeeping works again: ${what}`)
    } else if (!this.#failing.has(what)) {
      this.#failing.add(what)
      this.#log(`housekeeping failed, the rest goes on: ${what}: ${result.error.message}`)
    }
  }
}

interface Made {
  readonly what: string
  readonly result: Result<number, StoreFault>
  readonly isBug: boolean
}

async function make({ what, run }: SweepStep): Promise<Made> {
  try {
    return { what, result: await run(), isBug: false }
  } catch (bug) {
    return { what, result: err({ code: 'unreadable', message: `a bug: ${String(bug)}` }), isBug: true }
  }
}
