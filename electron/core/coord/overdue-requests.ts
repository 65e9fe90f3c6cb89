/** Requests whose answer is overdue: said long before their time-out, and waited for all the same. */
import type { Clock, HttpCall, HttpOutcome } from '../ports.ts'

/**
 * A request that is not answered for this long is overdue. Answers take milliseconds; as long as this is what a quit gives the
 * API, and a new connection.
 */
const OVERDUE_MS = 3_000

export interface OverdueDeps {
  readonly clock: Pick<Clock, 'schedule'>
  /** A request is overdue. `words`: a sentence that says which. */
  onOverdue(words: string): void
  /** The API answered, and nothing is overdue. */
  onAnswer(): void
}

export class OverdueRequests {
  readonly #deps: OverdueDeps
  readonly #overdue = new Set<HttpCall>()

  constructor(deps: OverdueDeps) {
    this.#deps = deps
  }

  /** A request goes out; the returned function is told what came of it. */
  watch(call: HttpCall): (outcome: HttpOutcome) => void {
    // a call that brings a time-out of its own is one that may take that long
    const cancel =
      call.timeoutMs === undefined
        ? this.#deps.clock.schedule(OVERDUE_MS, () => this.#isLate(call))
        : () => undefined
    return ({ kind }) => {
      cancel()
      this.#overdue.delete(call)
      // what else came of a request, its caller says
      if (kind === 'answer' && this.#overdue.size === 0) this.#deps.onAnswer()
    }
  }

  #isLate(call: HttpCall): void {
    this.#overdue.add(call)
    const path = call.path.split('?', 1).join('')
    this.#deps.onOverdue(
      `The coordination API has not answered ${call.method} ${path} for ${OVERDUE_MS / 1_000} s. It is still waited for.`,
    )
  }
}
