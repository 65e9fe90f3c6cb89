/** The rows of the queue: what needs a person by its cause, what waits, what was skipped or delivered, and the folders. Pure. */
import type { AppSnapshot, CallRow, WaitingRow, WorkspaceView } from '../../shared/snapshot.ts'
import { counted, toCount } from '../../shared/text.ts'
import { isFolder } from '../data/own-queue.ts'
import { fits } from '../parts/Filter.tsx'
import { toText } from '../parts/Sentence.tsx'
import { sentenceOf, type NamedCall } from './call-words.ts'
import { groupKinds, groupOf, groupTitle, type GroupKind } from './causes.ts'
import type { Whole } from './use-call.ts'

export type End = 'set-aside' | 'skipped'
type Late = WorkspaceView['lately'][number]

/** A call with the folder that it was queued in. */
export interface EndedCall {
  readonly kind: 'ended'
  readonly key: string
  readonly end: End
  readonly call: CallRow
  readonly workspace: WorkspaceView
}
export interface WaitingCall {
  readonly kind: 'waiting'
  readonly key: string
  readonly call: WaitingRow
  readonly workspace: WorkspaceView
}
export interface LateCall {
  readonly kind: 'late'
  readonly key: string
  readonly call: Late & { readonly ts: string; readonly preview: '' }
  readonly workspace: WorkspaceView
}
export interface Head {
  readonly kind: 'head'
  readonly key: string
  readonly title: string
  readonly isOpen: boolean
  /** Calls of one cause, all of them, where a person can act on them together. */
  readonly group: readonly EndedCall[] | null
}
/** What is there and is not listed here. */
export interface More {
  readonly kind: 'more'
  readonly key: string
  readonly text: string
  readonly workspace: WorkspaceView
  /** `waiting`: it comes as soon as it is looked at. */
  readonly of: End | 'waiting'
}
export interface Folder {
  readonly kind: 'folder'
  readonly key: string
  readonly workspace: WorkspaceView
}
export type QueueCall = EndedCall | WaitingCall | LateCall
export type QueueRow = QueueCall | Head | More | Folder

/** What the snapshot's pages leave out, by the folder's path. */
export interface Beyond {
  readonly ended: Readonly<Record<End, ReadonlyMap<string, readonly CallRow[]>>>
  readonly waiting: ReadonlyMap<string, readonly WaitingRow[]>
}
export const NOTHING_BEYOND: Beyond = {
  ended: { 'set-aside': new Map(), skipped: new Map() },
  waiting: new Map(),
}

export interface Looked {
  readonly machine: AppSnapshot['machine']
  readonly filter: string
  readonly project: string | null
  /** Heads that are not as they are at first. */
  readonly toggled: ReadonlySet<string>
  /** Keys of calls whose act is put off. */
  readonly going: ReadonlySet<string>
}

const timeOf = (ts: string | null): number => Date.parse(ts ?? '') || 0

/** The snapshot's newest, then what was asked for; never more than there are, since what was asked for may have ended. */
export function joinEnded(
  page: readonly CallRow[],
  rest: readonly CallRow[],
  count: number,
): readonly CallRow[] {
  const known = new Set(page.map((call) => call.id))
  return [...page, ...rest.filter((call) => !known.has(call.id))].slice(0, count)
}

/**
 * The first ones that wait, from the snapshot, then those that were asked for behind them: what stood before the first has
 * been sent meanwhile.
 */
export function joinWaiting(
  next: readonly WaitingRow[],
  asked: readonly WaitingRow[],
  total: number,
): readonly WaitingRow[] {
  const [first] = next
  const from = first === undefined ? -1 : asked.findIndex((call) => call.id === first.id)
  const rest = from < 0 ? [] : asked.slice(from)
  return (rest.length > next.length ? rest : next).slice(0, total)
}

function isShown(
  call: NamedCall & { readonly reason?: string },
  workspace: WorkspaceView,
  { machine, filter, project }: Looked,
): boolean {
  if (project !== null && (call.project ?? workspace.name) !== project) return false
  if (filter === '') return true
  const { method, path, session, reason, preview } = call
  const sentence = toText(sentenceOf(call, machine))
  return fits(filter, sentence, workspace.name, call.project, method, path, session, reason ?? null, preview)
}

export function endedCalls(
  end: End,
  workspaces: readonly WorkspaceView[],
  beyond: Beyond,
  looked: Looked,
): readonly EndedCall[] {
  return workspaces
    .flatMap((workspace) => {
      const isAside = end === 'set-aside'
      const page = isAside ? workspace.setAside : workspace.skipped
      const count = isAside ? workspace.setAsideCount : workspace.skippedCount
      return joinEnded(page, beyond.ended[end].get(workspace.path) ?? [], count)
        .filter((call) => !looked.going.has(call.id) && isShown(call, workspace, looked))
        .map((call): EndedCall => ({ kind: 'ended', key: call.id, end, call, workspace }))
    })
    .sort((a, b) => timeOf(b.call.ts) - timeOf(a.call.ts))
}

/** How many of an end are not listed, by folder. */
function unlisted(end: End, workspaces: readonly WorkspaceView[], beyond: Beyond): readonly More[] {
  return workspaces.flatMap((workspace): More[] => {
    const isAside = end === 'set-aside'
    const page = isAside ? workspace.setAside : workspace.skipped
    const count = isAside ? workspace.setAsideCount : workspace.skippedCount
    const left = count - joinEnded(page, beyond.ended[end].get(workspace.path) ?? [], count).length
    if (left <= 0) return []
    const text = `${toCount(left)} more ${isAside ? 'set aside' : 'skipped'}, older than these`
    return [{ kind: 'more', key: `more ${end} ${workspace.path}`, text, workspace, of: end }]
  })
}

function waitingRows(
  workspaces: readonly WorkspaceView[],
  beyond: Beyond,
  looked: Looked,
): readonly (WaitingCall | More)[] {
  return workspaces.flatMap((workspace): (WaitingCall | More)[] => {
    const { path, next, waiting } = workspace
    const all = joinWaiting(next, beyond.waiting.get(path) ?? [], waiting)
    const rows = all
      .filter((call) => isShown(call, workspace, looked))
      .map((call): WaitingCall => ({ kind: 'waiting', key: `waiting ${call.id}`, call, workspace }))
    const left = waiting - all.length
    if (left <= 0) return rows
    const text = `${toCount(left)} more ${left === 1 ? 'waits' : 'wait'} behind these`
    return [...rows, { kind: 'more', key: `more waiting ${path}`, text, workspace, of: 'waiting' }]
  })
}

const lateCalls = (workspaces: readonly WorkspaceView[], looked: Looked): readonly LateCall[] =>
  workspaces
    .flatMap((workspace) =>
      workspace.lately.map((one): LateCall => {
        const call = { ...one, ts: one.at, preview: '' as const }
        return { kind: 'late', key: `late ${one.id}`, call, workspace }
      }),
    )
    .filter(({ call, workspace }) => isShown(call, workspace, looked))
    .sort((a, b) => timeOf(b.call.at) - timeOf(a.call.at))

interface Section {
  readonly key: string
  readonly title: string
  readonly rows: readonly QueueRow[]
  readonly isOpenAtFirst: boolean
  readonly group?: readonly EndedCall[]
}

function groupSections(calls: readonly EndedCall[], isWhole: boolean): readonly Section[] {
  const groups = new Map<GroupKind, EndedCall[]>()
  for (const one of calls) {
    const kind = groupOf(one.call)
    const known = groups.get(kind)
    if (known) known.push(one)
    else groups.set(kind, [one])
  }
  return groupKinds.flatMap((kind): Section[] => {
    const rows = groups.get(kind)
    if (!rows) return []
    const title = `${groupTitle(kind, rows.length)}${isWhole ? '' : ', of those that fit'}`
    return [{ key: `head ${kind}`, title, rows, isOpenAtFirst: true, group: rows }]
  })
}

const folderOf = (workspace: WorkspaceView): Folder => ({
  kind: 'folder',
  key: `folder ${workspace.path}`,
  workspace,
})

/** All rows, as one flat list: only what is seen is drawn. */
export function toQueueRows(
  workspaces: readonly WorkspaceView[],
  beyond: Beyond,
  looked: Looked,
): readonly QueueRow[] {
  const aside = endedCalls('set-aside', workspaces, beyond, looked)
  const skipped = endedCalls('skipped', workspaces, beyond, looked)
  const late = lateCalls(workspaces, looked)
  const waiting = waitingRows(workspaces, beyond, looked)
  const waits = workspaces.reduce((n, one) => n + one.waiting, 0)
  const isWhole = looked.filter === '' && looked.project === null
  const shown = waiting.filter((row) => row.kind === 'waiting').length
  const moreSkipped = unlisted('skipped', workspaces, beyond)
  const skips = workspaces.reduce((n, one) => n + one.skippedCount, 0)
  // A filter looks at folders, too; a project has none of its own.
  const found = workspaces.filter((one) => fits(looked.filter, one.name, one.path, one.problem))
  const faulty = found.filter((one) => one.problem !== null)
  const folders = workspaces.filter(isFolder)
  const foundFolders = found.filter(isFolder)
  const isQuiet = aside.length + waiting.length === 0
  const groups = groupSections(aside, isWhole)
  const sections: readonly Section[] = [
    ...groups,
    {
      key: 'head waiting',
      title: isWhole
        ? `Waiting, in order: ${toCount(waits)}`
        : `Waiting: ${toCount(shown)} of ${toCount(waits)} shown`,
      rows: waiting,
      isOpenAtFirst: true,
    },
    {
      key: 'head skipped',
      title: isWhole
        ? `Skipped on purpose: ${toCount(skips)}`
        : `Skipped on purpose: ${toCount(skipped.length)} of ${toCount(skips)} shown`,
      rows: [...skipped, ...moreSkipped],
      isOpenAtFirst: false,
    },
    {
      key: 'head lately',
      title: isWhole ? 'Delivered lately' : 'Delivered lately, those that fit',
      rows: late,
      isOpenAtFirst: isQuiet,
    },
    {
      key: 'head folders',
      title:
        foundFolders.length === folders.length
          ? counted(folders.length, 'watched folder')
          : `Watched folders: ${toCount(foundFolders.length)} of ${toCount(folders.length)} shown`,
      rows: looked.project === null ? foundFolders.map(folderOf) : [],
      isOpenAtFirst: isQuiet,
    },
  ]
  const open = (section: Section): readonly QueueRow[] => {
    if (section.rows.length === 0) return []
    const isOpen = section.isOpenAtFirst !== looked.toggled.has(section.key)
    const { key, title, group = null } = section
    const head: Head = { kind: 'head', key, title, isOpen, group }
    return isOpen ? [head, ...section.rows] : [head]
  }
  return [
    ...faulty.map((workspace) => ({ ...folderOf(workspace), key: `fault ${workspace.path}` })),
    ...sections.slice(0, groups.length).flatMap(open),
    ...unlisted('set-aside', workspaces, beyond),
    ...sections.slice(groups.length).flatMap(open),
  ]
}

export const isCall = (row: QueueRow): row is QueueCall =>
  row.kind === 'ended' || row.kind === 'waiting' || row.kind === 'late'

/** The call behind a row's key, or the one that a row of another view names by its id. */
export const callOfKey = (rows: readonly QueueRow[], key: string | null): QueueCall | undefined =>
  rows.find((row): row is QueueCall => row.key === key && isCall(row))

const unnarrowed = (looked: Looked): Looked => ({ ...looked, filter: '', project: null })

/** What an address names, whatever the list is narrowed to or has folded; undefined: it is not known, or about to go. */
export function findCall(
  workspaces: readonly WorkspaceView[],
  beyond: Beyond,
  looked: Looked,
  key: string,
): QueueCall | undefined {
  const all = unnarrowed(looked)
  return callOfKey(
    [
      ...endedCalls('set-aside', workspaces, beyond, all),
      ...endedCalls('skipped', workspaces, beyond, all),
      ...waitingRows(workspaces, beyond, all),
      ...lateCalls(workspaces, all),
    ],
    key,
  )
}

const headKeyOf = (row: QueueCall): string => {
  if (row.kind === 'ended') return row.end === 'skipped' ? 'head skipped' : `head ${groupOf(row.call)}`
  return row.kind === 'waiting' ? 'head waiting' : 'head lately'
}

/** The head under which a call is folded, when nothing narrows the list; null: it is not. */
export function foldOf(
  workspaces: readonly WorkspaceView[],
  beyond: Beyond,
  looked: Looked,
  row: QueueCall,
): string | null {
  const key = headKeyOf(row)
  const isFolded = toQueueRows(workspaces, beyond, unnarrowed(looked)).some(
    (one) => one.kind === 'head' && one.key === key && !one.isOpen,
  )
  return isFolded ? key : null
}

/** The call's own id, in an address that may name its section, too. */
export const callIdOf = (key: string): string => key.replace(/^(waiting|late) /, '')

/** What to say of a call that an address names and the list does not have. `whole`: what the engine says of it. */
export function describeMissing(key: string, going: ReadonlySet<string>, whole: Whole): string {
  if (going.has(key)) return 'It is about to be discarded.'
  if (whole === 'asking') return 'Reading…'
  if (whole === 'unread') return 'Whether it is in the queue cannot be read now.'
  if (whole !== 'gone') return 'It is in the queue, beyond what is listed here.'
  if (key.startsWith('waiting ')) return 'This call does not wait any more.'
  if (key.startsWith('late ')) return 'This call is not among those that were delivered lately.'
  return 'This call is not in the queue any more.'
}

/** Where the focus goes when a call's row goes: to the next call, else the one before. */
export function neighbourOf(rows: readonly QueueRow[], key: string): string | null {
  const at = rows.findIndex((row) => row.key === key)
  if (at < 0) return null
  const isEnded = (row: QueueRow): boolean => row.kind === 'ended'
  return (rows.slice(at + 1).find(isEnded) ?? rows.slice(0, at).findLast(isEnded))?.key ?? null
}
