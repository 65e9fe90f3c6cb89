/** The project folders as rows: those that were named, then those that were found. Pure. */
import type { FolderCheck } from '../../shared/protocol.ts'
import type { WorkspaceView } from '../../shared/snapshot.ts'
import { counted } from '../../shared/text.ts'
import { isFolder } from '../data/own-queue.ts'
import type { Tone } from '../parts/Chip.tsx'
import { describeOwner } from '../words.ts'

export interface FolderRow {
  readonly path: string
  readonly name: string
  /** Named in the settings; else it was found by itself. */
  readonly isNamed: boolean
  /** Undefined: it is not watched (yet). */
  readonly waiting: number | undefined
  readonly states: readonly { readonly tone: Tone; readonly words: string }[]
  /** A sentence that says more, from us. */
  readonly more: string | null
}

const lastOf = (path: string): string => path.split(/[/\\]/).findLast((part) => part !== '') ?? path

function toRow(path: string, view: WorkspaceView | undefined, isNamed: boolean): FolderRow {
  if (!view) return { path, name: lastOf(path), isNamed, waiting: undefined, states: [], more: null }
  const { waiting, setAsideCount, problem, owner } = view
  const states: { tone: Tone; words: string }[] = []
  if (problem !== null) states.push({ tone: 'red', words: 'problem' })
  if (setAsideCount > 0) states.push({ tone: 'amber', words: `${counted(setAsideCount, 'call')} set aside` })
  if (waiting > 0) states.push({ tone: 'plain', words: `${counted(waiting, 'call')} waiting` })
  if (states.length === 0) states.push({ tone: 'plain', words: 'nothing waits' })
  return { path, name: view.name, isNamed, waiting, states, more: problem ?? describeOwner(owner) ?? null }
}

export function toFolderRows(
  named: readonly string[],
  ignored: readonly string[],
  workspaces: readonly WorkspaceView[],
): readonly FolderRow[] {
  const views = new Map(workspaces.filter(isFolder).map((one) => [one.path, one]))
  const found = [...views.keys()].filter((path) => !named.includes(path) && !ignored.includes(path))
  return [
    ...named.map((path) => toRow(path, views.get(path), true)),
    ...found.map((path) => toRow(path, views.get(path), false)),
  ]
}

type State = FolderCheck['state']
const CHECKED: Readonly<Record<State, string>> = {
  queue: 'A folder with a queue: once it is watched, its calls are sent from here.',
  project: 'A project folder. Its queue is found as soon as a session writes one.',
  folder: 'A folder without .claude or .git. It can be watched all the same.',
  missing: 'There is no such folder.',
  'not-a-folder': 'This is a file, not a folder.',
  'not-absolute': 'This is not a whole path: it must begin at the root of the disk.',
  'no-permission': 'Coord Tray may not read this folder.',
}
export const describeFolder = (state: State): string => CHECKED[state]
export const canWatch = (state: State): boolean =>
  state === 'queue' || state === 'project' || state === 'folder'
