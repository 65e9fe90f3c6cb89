/** From what a tool call touches to the resources of projects that it needs. */
import type { LockRow } from '../../../shared/wire.ts'
import { pathBelow } from './paths.ts'
import { commandMatches, type ConfigFault, type ProjectConfig } from './project-config.ts'
import type { PathTarget, Target } from './targets.ts'

/** A git work tree (or a folder that `.claude/coord.json` calls a project), as the disk has it. */
export interface WorkTree {
  /** Its top folder, absolute, links followed. */
  readonly top: string
  /** The repository's project key: the same for all its work trees and on every machine. */
  readonly project: string
  /** The branch that is checked out; null where none is (detached, or no git at all). */
  readonly branch: string | null
  readonly config: ProjectConfig
  /** What is wrong with the project's configuration: then nothing is guarded here. */
  readonly fault: ConfigFault | null
}

/** The looks at the disk that this needs. */
export interface WorkTrees {
  /** The work tree that a path lies in, whether the path exists or not; null where there is none. */
  find(path: string): WorkTree | null
  /** The path with all links followed (of those that exist), also one at its end. */
  real(path: string): string
  isFolder(path: string): boolean
  /** Whether anything is there. */
  isThere(path: string): boolean
}

/** One resource that a call needs. */
export interface Needed {
  readonly project: string
  readonly resource: string
  readonly tree: WorkTree
  /** What the call named, for people. */
  readonly named: string
  /** Locks of others stand in the way, and it is not claimed. */
  readonly isOnlyAsked: boolean
}

/** The protocol's own files: every session writes them, nobody holds them. */
const OWN_FILES = /^(?:.*\/)?\.claude\/(?:coord-queue\.jsonl$|\.coord-outbox(?:\/|$))/

/** Whether the call puts something into a folder, under a name of its own. */
const goesInto = ({ orInside, isPattern }: PathTarget, trees: WorkTrees, real: string): boolean =>
  orInside !== undefined && !isPattern && trees.isFolder(real)

/** Whether a file of a name that is not known goes into a folder (`cp "$FILE" lib`): none can be judged then. */
export const isUnnamed = (target: Target, trees: WorkTrees): boolean =>
  target.kind === 'path' &&
  target.orInside === null &&
  goesInto(target, trees, trees.real(target.unresolved ?? target.path))

/** The name that a path ends with, the links of all its folders followed; `followed` where that is no name. */
function nameItself(path: string, followed: string, trees: WorkTrees): string {
  const at = path.lastIndexOf('/')
  const name = path.slice(at + 1)
  if (at < 1 || name === '' || name === '..') return followed
  return `${trees.real(path.slice(0, at)).replace(/\/$/, '')}/${name}`
}

function ofPath(target: PathTarget, trees: WorkTrees): Needed | undefined {
  if (isUnnamed(target, trees)) return undefined
  const { path, unresolved = path, isTree, asks } = target
  const named = trees.real(unresolved)
  const inside = goesInto(target, trees, named) ? (target.orInside ?? '') : ''
  const isPattern = target.isPattern || /[*?]/.test(inside)
  const at = inside === '' ? unresolved : `${named}/${inside}`
  const followed = inside === '' ? named : trees.real(at)
  const real = target.isName === true ? nameItself(at, followed, trees) : followed
  const isLink = real !== followed
  const parent = real.slice(0, real.lastIndexOf('/'))
  const own = trees.find(isLink ? parent : real)
  // a work tree within another, named as one thing (a submodule that is committed): a name of the tree around it
  const around = own?.top === real && !isTree && parent.includes('/') ? trees.find(parent) : null
  const tree = around ?? own
  const below = tree ? pathBelow(tree.top, target.isFromTop === true ? tree.top : real) : undefined
  if (!tree || below === undefined || OWN_FILES.test(below) || /^\.git(?:\/|$)/.test(below)) return undefined
  // the top of a tree is a folder: nothing writes it as a file
  if (below === '' && !isTree) return undefined
  const isFolder = isTree && (isPattern || (!isLink && trees.isFolder(real)))
  const resource = toResource(below, isFolder)
  const isOnlyAsked =
    resource === WHOLE || asks === 'always' || (asks === 'of-folders' && (isFolder || isPattern))
  return { project: tree.project, resource, tree, named: path, isOnlyAsked }
}

/** A whole work tree: nobody is kept out of it for one command. */
const WHOLE = '**'

/** A path below its tree's top as the resource; of a folder, or of folders that a pattern finds, with all beneath. */
function toResource(below: string, isFolder: boolean): string {
  if (below === '') return WHOLE
  if (!isFolder) return below
  return /(?:^|\/)\*$/.test(below) ? `${below}*` : `${below}/`
}

function ofCommand(text: string, folder: string, trees: WorkTrees): Needed[] {
  const tree = trees.find(trees.real(folder))
  return (tree?.config.commands ?? [])
    .filter(({ pattern }) => commandMatches(pattern, text))
    .map(({ resource }) => ({
      project: tree?.project ?? '',
      resource,
      tree: tree as WorkTree,
      named: text,
      isOnlyAsked: false,
    }))
}

function ofGit(folder: string, branch: string | null, trees: WorkTrees): Needed | undefined {
  const tree = trees.find(trees.real(folder))
  const name = branch ?? tree?.branch ?? null
  // with nothing checked out there is no name that two sessions would share
  if (!tree || name === null) return undefined
  return {
    project: tree.project,
    resource: `git:${name}`,
    tree,
    named: `git, branch ${name}`,
    isOnlyAsked: false,
  }
}

/** The resources, each once, in the order of the call. What lies in no project needs none. */
export function neededResources(targets: readonly Target[], trees: WorkTrees): readonly Needed[] {
  const found = new Map<string, Needed>()
  const add = (needed: Needed | undefined): void => {
    if (!needed || needed.tree.fault !== null || needed.tree.config.guard === 'off') return
    const key = `${needed.project}\0${needed.resource}`
    // what one part of a call only asks for another may work on
    if (!found.has(key) || (found.get(key)?.isOnlyAsked === true && !needed.isOnlyAsked))
      found.set(key, needed)
  }
  for (const target of targets) {
    if (target.kind === 'path') add(ofPath(target, trees))
    else if (target.kind === 'git') add(ofGit(target.folder, target.branch, trees))
    else ofCommand(target.text, target.folder, trees).forEach(add)
  }
  return [...found.values()]
}

/**
 * The locks that count for a resource that is only asked for: of files that are there, since nothing else can be overwritten or
 * removed. A name that is no file (`deploy`) is another's, and stays it.
 */
export function endangered(
  needed: Needed,
  locks: readonly LockRow[],
  trees: Pick<WorkTrees, 'isThere'>,
): readonly LockRow[] {
  if (!needed.isOnlyAsked) return locks
  return locks.filter(
    ({ resource }) =>
      resource !== null && (/[*?]/.test(resource) || trees.isThere(`${needed.tree.top}/${resource}`)),
  )
}
