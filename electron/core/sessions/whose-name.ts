/**
 * Under which name a session begins, works and ends. A name is its pin's; else it belongs to the one record that is open or
 * cleared under it, and whatever comes back while another has it gets a fresh one.
 */
import { isNameGone, isOver, type SessionRecord } from './session-record.ts'

/** A session as one of its hooks finds it. */
export interface FoundSession {
  /** The name that its installation gives, whatever it was called before; two sessions may be given one. */
  readonly pinned: string | null
  readonly record: SessionRecord | null
}

/** Looked at only where they are needed: a hook has little time. */
export interface Names {
  records(): readonly SessionRecord[]
  /** A name that no other session of this machine has. */
  fresh(): string
}

/** The name of one that begins, or comes back: the one that it had, where no other goes on under that. */
export function nameAtStart({ pinned, record }: FoundSession, names: Names): string {
  if (pinned !== null) return pinned
  return record && !isNameGone(names.records(), record) ? record.session : names.fresh()
}

/** The name of one that is at work; one whose last start left no word begins with what it does now. */
export function nameAtWork(found: FoundSession, names: Names): string {
  const { pinned, record } = found
  return record === null || isOver(record) ? nameAtStart(found, names) : (pinned ?? record.session)
}

/** The name that an end is about: what came after the record's last word was done under no other. */
export const nameAtEnd = ({ pinned, record }: FoundSession, names: Names): string =>
  pinned ?? record?.session ?? names.fresh()
