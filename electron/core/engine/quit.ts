/** Quitting as named steps with deadlines. */
import type { ReleaseOutcome } from '../../../shared/protocol.ts'
import type { Clock, Log } from '../ports.ts'
import { counted } from '../../../shared/text.ts'

export const RELEASE_DEADLINE_MS = 3_000

export interface QuitStep {
  readonly name: string
  readonly deadlineMs: number
  run(): Promise<void>
}

/** The task's value, or undefined once the deadline has passed; the task itself goes on unheard. */
export function within<T>(task: Promise<T>, deadlineMs: number, clock: Clock): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(deadlineMs, () => resolve(undefined))
    task.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (cause: unknown) => {
        cancel()
        reject(cause instanceof Error ? cause : new Error(String(cause)))
      },
    )
  })
}

/** Runs each step in order; one that fails or hangs is named and passed over. */
export async function runSteps(
  steps: readonly QuitStep[],
  clock: Clock,
  log: Log,
): Promise<readonly string[]> {
  const stuck: string[] = []
  for (const step of steps) {
    try {
      const isDone = await within(
        step.run().then(() => true),
        step.deadlineMs,
        clock,
      )
      if (isDone) continue
      log.warn('a step of quitting passed its deadline', { step: step.name })
    } catch (cause) {
      log.error('a step of quitting failed', { step: step.name, cause: String(cause) })
    }
    stuck.push(step.name)
  }
  return stuck
}

export interface Farewell {
  readonly title: string
  readonly body: string
}

/** What to say on leaving where a lock is still held although its release was wanted; null where all went well. */
export function toFarewell({ queued, refused }: Pick<ReleaseOutcome, 'queued' | 'refused'>): Farewell | null {
  const parts: string[] = []
  if (queued > 0)
    parts.push('The API did not answer. Releasing is kept in the queue and sent at the next start.')
  const [first] = refused
  if (first) parts.push(`${counted(refused.length, 'lock')} could not be released: ${first.reason}`)
  return parts.length === 0
    ? null
    : { title: `${counted(queued + refused.length, 'lock')} not released yet`, body: parts.join(' ') }
}
