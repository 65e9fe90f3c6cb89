/**
 * Git work trees as the disk has them, read without running git: a guard has no time for a process a question.
 * Needs nothing but Node's file calls.
 */
import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import {
  DEFAULT_CONFIG,
  readProjectConfig,
  type ConfigFault,
  type ProjectConfig,
} from '../core/sessions/project-config.ts'
import { err } from '../../shared/result.ts'
import type { WorkTree, WorkTrees } from '../core/sessions/resources.ts'
import { isFolder, isThere } from './look-at-path.ts'

const CONFIG_FILE = join('.claude', 'coord.json')

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** A chain of links that is longer than this leads round in a circle. */
const MOST_LINKS = 40

/** Links followed, also one whose file is not there yet; what does not exist is put behind as it stands. On Windows with `/`. */
function realOf(path: string, links = MOST_LINKS): string {
  const rest: string[] = []
  for (let at = path; ; at = dirname(at)) {
    try {
      const real = realpathSync.native(at)
      return slashed(join(real, ...rest)).normalize('NFC')
    } catch {
      const target = links > 0 ? linkOf(at) : undefined
      if (target !== undefined) return realOf(join(resolve(realOf(dirname(at)), target), ...rest), links - 1)
      if (dirname(at) === at) return slashed(path)
      rest.unshift(basename(at))
    }
  }
}
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
const slashed = (path: string): string => (process.platform === 'win32' ? path.replaceAll('\\', '/') : path)

/** The folder of git's own files for a work tree's top; undefined where it is none. */
function gitFolder(top: string): string | undefined {
  const entry = join(top, '.git')
  if (isFolder(entry)) return entry
  const pointer = /^gitdir: (.+?)\s*$/m.exec(textOf(entry) ?? '')?.[1]
  return pointer === undefined ? undefined : resolve(top, pointer)
}

/** What all work trees of a repository share. */
function commonFolder(git: string): string {
  const common = textOf(join(git, 'commondir'))?.trim()
  if (common === undefined || common === '') return git
  return isAbsolute(common) ? common : resolve(git, common)
}

/** The last name of the `origin` remote's address; undefined where there is none. */
function remoteName(common: string): string | undefined {
  const section = /^\s*\[remote "origin"\]\s*$([\s\S]*?)(?=^\s*\[|$(?![\s\S]))/m.exec(
    textOf(join(common, 'config')) ?? '',
  )?.[1]
  const url = /^\s*url\s*=\s*(.+?)\s*$/m.exec(section ?? '')?.[1]
  // git writes `/a/b/.` for a clone of the folder that it stood in
  const name = url
    ?.replace(/(?:[\\/]+\.?)+$/, '')
    .split(/[\\/:]/)
    .at(-1)
    ?.replace(/\.git$/, '')
  return name === '' ? undefined : name
}

/** A project key made from a name: as the protocol's own are written. */
const toKey = (name: string): string => name.normalize('NFC').toLowerCase().replace(/\s+/g, '-')

interface Configured {
  readonly config: ProjectConfig
  readonly fault: ConfigFault | null
}

/** The configuration at the first of `tops` that has one. */
function configOf(tops: readonly string[]): Configured {
  for (const top of tops) {
    const read = readConfig(join(top, CONFIG_FILE))
    if (read === undefined) continue
    return read.ok ? { config: read.value, fault: null } : { config: DEFAULT_CONFIG, fault: read.error }
  }
  return { config: DEFAULT_CONFIG, fault: null }
}

/** Undefined where there is none; one that is there and cannot be read is a fault, not a project without rules. */
function readConfig(file: string): ReturnType<typeof readProjectConfig> | undefined {
  try {
    return readProjectConfig(readFileSync(file, 'utf8'))
  } catch (problem) {
    const { code, message } = problem as NodeJS.ErrnoException
    // what stands in a folder that this user may not enter cannot even be looked at
    const isKept = code === 'EACCES' || code === 'EPERM' || isThere(file)
    return isKept ? err({ code: 'unreadable', field: '', detail: code ?? message }) : undefined
  }
}

/** The top folder of the repository's first work tree; the top itself where that cannot be said. */
const mainTop = (common: string, top: string): string => (basename(common) === '.git' ? dirname(common) : top)

/** The repository's name, the same in all its work trees: its first one's; of one without (bare, or kept elsewhere) its own. */
function repositoryName(common: string, top: string): string {
  // a submodule's lies in its parent's
  if (/[\\/]\.git[\\/]modules[\\/]/.test(common)) return basename(top)
  const own = basename(common).replace(/\.git$/, '')
  return own === '' || own.startsWith('.') ? basename(dirname(common)) : own
}

function readTree(top: string): WorkTree | undefined {
  const git = gitFolder(top)
  if (git === undefined) {
    const { config, fault } = configOf([top])
    if (config.project === null && fault === null) return undefined
    return { top: slashed(top), project: config.project ?? toKey(basename(top)), branch: null, config, fault }
  }
  const common = commonFolder(git)
  const main = mainTop(common, top)
  // a local, untracked configuration lies in the first work tree alone
  const { config, fault } = configOf(main === top ? [top] : [top, main])
  return {
    top: slashed(top),
    project: config.project ?? toKey(remoteName(common) ?? repositoryName(common, top)),
    branch: /^ref: refs\/heads\/(.+?)\s*$/.exec(textOf(join(git, 'HEAD')) ?? '')?.[1] ?? null,
    config,
    fault,
  }
}

/** Looks at the disk once per folder; for one hook call or one command, not for a process that lives on. */
export function createWorkTrees(): WorkTrees {
  const known = new Map<string, WorkTree | null>()
  function find(folder: string): WorkTree | null {
    const seen = known.get(folder)
    if (seen !== undefined) return seen
    const up = dirname(folder)
    const found = readTree(folder) ?? (up === folder ? null : find(up))
    known.set(folder, found)
    return found
  }
  return {
    find: (path) => find(isFolder(path) ? path : dirname(path)),
    real: (path) => realOf(path),
    isFolder,
    isThere,
  }
}
