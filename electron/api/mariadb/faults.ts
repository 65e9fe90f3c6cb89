/** What MariaDB's errors mean: to be tried again, the database is away, or a bug of ours. */
import type { StoreFault } from '../store.ts'

/** The pool's own: no connection came free in time, or an answer took too long. */
export class TooLate extends Error {}

/** Two transactions met: the whole transaction is tried again. */
const AGAIN = new Set([1020, 1205, 1213])
const UNDONE_AT_ONCE = new Set([1020, 1213])
const DUPLICATE = 1062
const FULL = new Set([1021, 1026, 1114, 3])
/** Out of connections, threads or statements, stopping, killed, over its time, not in its cluster, read-only, no right, no such table, its packets too small, its files or its password no good. */
const AWAY = new Set([
  1030, 1036, 1037, 1038, 1040, 1041, 1042, 1043, 1044, 1045, 1047, 1049, 1053, 1077, 1079, 1105, 1129, 1130,
  1135, 1142, 1143, 1146, 1152, 1153, 1158, 1159, 1160, 1161, 1180, 1181, 1184, 1194, 1203, 1226, 1227, 1290,
  1317, 1461, 1792, 1820, 1836, 1927, 1969, 4166,
])
const CONNECTION = /^(E[A-Z]+|PROTOCOL_[A-Z_]+|HANDSHAKE_[A-Z_]+|ER_[A-Z_]*CONN[A-Z_]*)$/

interface DriverError extends Error {
  readonly errno?: number
  readonly code?: string
  readonly fatal?: boolean
  readonly sqlMessage?: string
}

const errnoOf = (problem: unknown): number | undefined =>
  problem instanceof Error ? (problem as DriverError).errno : undefined

/** Whether the whole transaction is to be tried again. */
export const isConflict = (problem: unknown): boolean => AGAIN.has(errnoOf(problem) ?? 0)
/** Whether it was undone at once, for another to go on, without a wait: it may be made again. */
export const isDeadlock = (problem: unknown): boolean => UNDONE_AT_ONCE.has(errnoOf(problem) ?? 0)
/** Whether a row with this key is there already. */
export const isDuplicate = (problem: unknown): boolean => errnoOf(problem) === DUPLICATE

/** Whether the connection is gone, and with it what was not committed. */
export function isLost(problem: unknown): boolean {
  if (!(problem instanceof Error) || problem instanceof TooLate) return false
  const { fatal, code } = problem as DriverError
  return fatal === true || (code !== undefined && CONNECTION.test(code))
}

/** The fault behind an error of the driver's or the pool's; undefined where it is a bug of ours. */
export function toFault(problem: unknown): StoreFault | undefined {
  if (!(problem instanceof Error)) return undefined
  if (problem instanceof TooLate) return { code: 'busy', message: problem.message }
  const { errno = 0, sqlMessage, message, code } = problem as DriverError
  const text = sqlMessage ?? (message === '' ? (code ?? 'no answer') : message)
  if (AGAIN.has(errno)) return { code: 'busy', message: text }
  if (FULL.has(errno) || /errno: 28\b/.test(text)) return { code: 'full', message: text }
  return AWAY.has(errno) || isLost(problem) ? { code: 'unreadable', message: text } : undefined
}
