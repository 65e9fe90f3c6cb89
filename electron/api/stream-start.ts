/** How a listener's stream starts: what it missed is read while the feed goes on, and nothing falls between the two. */
import { ok, type Result } from '../../shared/result.ts'
import type { Feed, Told } from './change-feed.ts'
import { MOST_WAITING, type ListenerStream } from './listener-stream.ts'
import type { ChangeLog, Store, StoreFault } from './store.ts'

export interface Beginning {
  readonly log: ChangeLog
  /** All up to here is in what was read, or was before. */
  readonly safe: number
  /** What the feed tells of, until `end` is called: where the stream itself is told from then on, nothing falls between them. */
  readonly meanwhile: readonly Parameters<Told>[]
  readonly end: () => void
}

const safeOf = ({ last, missing }: ChangeLog): number => Math.min(last, (missing[0]?.from ?? Infinity) - 1)

/** Reads what was written after a position, and keeps what the feed tells of meanwhile. */
export async function readBeginning(
  store: Store,
  feed: Feed,
  after: number | null,
): Promise<Result<Beginning, StoreFault>> {
  const meanwhile: Parameters<Told>[] = []
  const end = feed.follow((...told) => meanwhile.push(told))
  await feed.ready()
  // Before the log is read: what the feed has told of is in it. The feed also knows which numbers will not come any more.
  const told = feed.safe()
  const log = await store.changes(after, MOST_WAITING + 1)
  if (!log.ok) {
    end()
    return log
  }
  return ok({ log: log.value, safe: Math.min(told ?? safeOf(log.value), log.value.last), meanwhile, end })
}

/** The first words to a listener: where it stands, and what it missed. */
export function greet(stream: ListenerStream, { log, safe, meanwhile }: Beginning): void {
  const isTooMuch =
    log.isCut || log.entries.length > MOST_WAITING || meanwhile.some(([told]) => told === null)
  if (isTooMuch) return stream.resync(safe)
  stream.ready()
  stream.catchUp(log.entries, safe)
  for (const [entries, safe] of meanwhile) if (entries) stream.tell(entries, safe)
}
