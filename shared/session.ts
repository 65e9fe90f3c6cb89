/** Session names `MACHINE/NAME`, and which of them belong to this machine. */

export interface Machine {
  readonly name: string
  readonly aliases: readonly string[]
}

/** The part before the first `/`; the whole name where there is none. */
export const machineOf = (session: string): string => session.split('/', 1)[0] ?? session

/** The part after the first `/`; the whole name where there is none. */
export const nameInMachine = (session: string): string => session.split('/').slice(1).join('/') || session

/** Whether a session belongs to this machine: its prefix equals the name or an alias, without regard to case. */
export function isOfMachine(session: string | null | undefined, machine: Machine): boolean {
  if (!session) return false
  const prefix = machineOf(session).toLowerCase()
  return [machine.name, ...machine.aliases].some((n) => n.toLowerCase() === prefix)
}

/** A machine's name as it is compared: without regard to case. */
export const toMachineKey = (machine: string): string => machine.toLowerCase()

/** A session's name as it is compared: its machine without regard to case, the rest to the letter. */
export function toSessionKey(session: string): string {
  const machine = machineOf(session)
  return toMachineKey(machine) + session.slice(machine.length)
}
