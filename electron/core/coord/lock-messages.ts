/** What is said to other sessions about a lock, in one place: asking its holder for it, telling those who wait that it is free. */
import { isOfMachine, type Machine } from '../../../shared/session.ts'
import { plainLine } from '../../../shared/text.ts'
import type { LockRow } from '../../../shared/wire.ts'

export interface LockMessage {
  readonly from: string
  readonly to: string
  readonly project: string | null
  readonly subject: string
  readonly body: string
}
type Lock = Pick<LockRow, 'id' | 'resource' | 'session_id' | 'project_key'>

const nameOf = (lock: Lock): string => plainLine(lock.resource, 300) || plainLine(lock.id, 300)
/** Who speaks where no session of this machine does. */
const person = (machine: Machine): string => `${machine.name}/coord`

export const askSubject = (resource: string): string => `May I have ${resource}?`

/** Asks the holder of a lock for it. `by`: who waits; where it is another machine's, this machine asks for it. */
export function askForLock(lock: Lock, by: string, machine: Machine): LockMessage {
  const isOurs = isOfMachine(by, machine)
  const who = isOurs ? 'I was' : `${plainLine(by, 400)} was`
  return {
    from: isOurs ? by : person(machine),
    to: lock.session_id,
    project: lock.project_key,
    subject: askSubject(nameOf(lock)),
    body: `${who} refused ${nameOf(lock)}, which you hold. Please release it when you can, or answer how long you still need it.`,
  }
}

/** Tells a session that waits that the lock was released. */
export const sayReleased = (lock: Lock, to: string, machine: Machine): LockMessage => ({
  from: isOfMachine(lock.session_id, machine) ? lock.session_id : person(machine),
  to,
  project: lock.project_key,
  subject: `${nameOf(lock)} is free`,
  body: `${nameOf(lock)}, which you were refused, was released. Claim it before you go on.`,
})
