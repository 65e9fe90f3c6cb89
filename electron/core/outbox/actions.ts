/** What a person does with a set-aside or skipped call: sends it anyway, edits it, discards it. Each is done wholly or not at all. */
import { causeText } from '../../../shared/cause.ts'
import { problemText } from '../../../shared/problem.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { Clock, FileSystem, FsError } from '../ports.ts'
import type { ActionError } from './contract.ts'
import { parseLine } from './lines/parse-line.ts'
import { encodeUtf8 } from './lines/text.ts'
import { placeOfCall, type FoundCall } from './segments/call-id.ts'
import { encodeRecords } from './segments/ledger-format.ts'
import { LEDGER_VERSION } from './segments/ledger-records.ts'
import type { OutboxFolder } from './segments/outbox-folder.ts'
import type { SegmentStore } from './segments/segment-store.ts'
import type { Segment } from './segments/segment.ts'

/** Said where not even the failure could be written down. */
export const OPEN = 'Whether this was done shows as soon as the disk can be written again.'

export interface ActionDeps {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly folder: OutboxFolder
  readonly store: SegmentStore
  /** The call is off its list. */
  onResolved(id: string): void
  onFault(error: FsError): void
}
export type Acted = Result<null, ActionError>

export const notFound = (id: string): { readonly ok: false; readonly error: ActionError } =>
  err({ code: 'not-found', message: `There is no set-aside or skipped call ${id} here.` })

export const storageProblem = (error: FsError): Acted =>
  err({ code: 'storage', message: `${error.path}: ${error.code}` })

/** Sends a call as it stands, with a new key. */
export async function sendAnyway(deps: ActionDeps, id: string): Promise<Acted> {
  const found = placeOfCall(deps.store, id)
  const entry = found && (await found.segment.entryAt(found.offset, found.sub))
  if (!entry) return notFound(id)
  if (entry.verdict.kind === 'send')
    return resend(deps, found, typeof entry.raw === 'string' ? oneLine(entry.raw) : '')
  const why = found.segment.setAside.get(found.key)?.reason ?? 'it only reads'
  return err({
    code: 'refused',
    message: `This call is never sent as it stands (${why}). Edit it instead.`,
  })
}

/** Sends a line in place of a call, with a new key. */
export async function edit(deps: ActionDeps, id: string, line: string): Promise<Acted> {
  const found = placeOfCall(deps.store, id)
  if (!found) return notFound(id)
  const text = oneLine(line)
  const bytes = encodeUtf8(text)
  const entries = parseLine({ offset: 0, bytes, length: bytes.length, encoding: 'utf-8', isTerminated: true })
  const bad = entries.find((e) => e.verdict.kind !== 'send')
  if (entries.length > 0 && !bad) return resend(deps, found, text)
  const why =
    bad?.verdict.kind === 'aside' ? causeText(bad.verdict.cause) : 'it is no call that changes anything'
  return err({ code: 'refused', message: `The edited line cannot be sent: ${why}.` })
}

export async function discard(deps: ActionDeps, id: string): Promise<Acted> {
  const found = placeOfCall(deps.store, id)
  return found ? resolve(deps, found, 'discarded') : notFound(id)
}

/**
 * Puts a line into a segment of its own, then takes the old call off its list: that is the instant from which it is sent. Crash
 * recovery undoes the segment where a crash came before it, and so does a failure here, as the person is told of it.
 */
async function resend(deps: ActionDeps, found: FoundCall, line: string): Promise<Acted> {
  const { store } = deps
  const prepared = await deps.folder.prepare()
  if (!prepared.ok) return storageProblem(prepared.error)
  const segment = store.create('again')
  const written = await writeSegment(deps, segment, found, encodeUtf8(`${line}\n`))
  const done = written.ok ? await resolve(deps, found, 'again') : storageProblem(written.error)
  if (!done.ok) {
    // Said to have failed, so it must not be sent later; recovery sees to it where it cannot be removed now. Where the old
    // call may be off its list after all, it stays, for the next look at the disk to tell.
    if (!store.pendingReverts.has(found.segment)) await store.remove(segment.name)
    return done
  }
  store.add(segment)
  await store.count(segment)
  await store.folderIsOurs()
  return done
}

/** The ledger first: a segment without one would be sent whatever becomes of the old call. */
async function writeSegment(
  { fs, clock }: ActionDeps,
  segment: Segment,
  found: FoundCall,
  bytes: Uint8Array,
): Promise<Result<null, FsError>> {
  const header = encodeRecords([
    {
      kind: 'header',
      version: LEDGER_VERSION,
      at: clock.now(),
      identity: '',
      size: bytes.length,
      mtime: clock.now(),
      origin: 'again',
      replaces: `${found.segment.name}.${found.key}`,
    },
  ])
  const ledger = await fs.writeFile(segment.ledgerPath, header)
  if (!ledger.ok) return ledger
  const written = await fs.writeFile(segment.path, bytes)
  return written.ok ? segment.load() : written
}

async function resolve(deps: ActionDeps, found: FoundCall, how: 'again' | 'discarded'): Promise<Acted> {
  const { segment, offset, sub } = found
  const { store } = deps
  segment.note({ kind: 'resolved', offset, sub, at: deps.clock.now(), how })
  deps.onResolved(`${segment.name}.${found.key}`)
  const done = await store.commit(segment)
  if (done.ok) {
    // a finished segment holds no descriptor
    if (segment.hasEnd) await segment.close()
    return ok(null)
  }
  deps.onFault(done.error)
  const { code: errno, path, op } = done.error
  const words = problemText({ code: 'storage', errno, path, op })
  // said to have failed, so the next commit must not make it true
  const reverted = await store.revertResolution(segment, found)
  return err({ code: 'storage', message: reverted.ok ? words : `${words} ${OPEN}` })
}

/** Newlines outside strings cannot stand in a line of the queue; inside JSON strings they are escaped anyway. */
const oneLine = (text: string): string => text.replace(/\r?\n/g, ' ').trim()
