/** Whether somebody shows this app's notifications: what the desktop found out, and what became of the last one. */
import type { EpochMs } from '../../../shared/time.ts'

/**
 * `there`: they are shown, as far as anybody knows. `none`: the desktop has no service for them. `died`: it had one.
 * `failing`: the last one was refused; one is tried again after a while.
 */
export interface Notifier {
  readonly state: 'there' | 'none' | 'died' | 'failing'
  readonly since: EpochMs
  /** The system's own words; may be empty. */
  readonly detail: string
}

export const RETRY_AFTER_MS = 5 * 60_000

/** When one may be tried again although nothing was heard of a service; null: once a service is there. */
export const retryAt = (notifier: Notifier): EpochMs | null =>
  notifier.state === 'failing' ? notifier.since + RETRY_AFTER_MS : null

export function canShow(notifier: Notifier, now: EpochMs): boolean {
  const again = retryAt(notifier)
  return notifier.state === 'there' || (again !== null && now >= again)
}
