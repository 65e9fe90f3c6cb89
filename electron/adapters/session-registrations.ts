/** Sessions that hooks registered on this machine, one small file each, under `COORD_HOME/sessions`. */
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Registration {
  /** `MACHINE/NAME` */
  readonly session: string
  /** The tool's own id of its session. */
  readonly toolSession: string
  readonly workspace: string
  readonly startedAt: string
  /** The tool's process and when it started; null where the platform does not tell. */
  readonly process: { readonly pid: number; readonly start: string } | null
  readonly endedAt: string | null
}

/** Where a process cannot be looked up, a registration counts as alive this long. */
const LIVE_WITHOUT_PROCESS_MS = 12 * 3_600_000
const KEPT_MS = 30 * 24 * 3_600_000

const folderOf = (home: string): string => join(home, 'sessions')
const fileOf = (home: string, toolSession: string): string =>
  join(folderOf(home), `${createHash('sha256').update(toolSession).digest('hex').slice(0, 32)}.json`)

interface ProcessFacts {
  readonly parent: number
  readonly start: string
  readonly name: string
}
function processFacts(pid: number): ProcessFacts | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const close = stat.lastIndexOf(')')
      const fields = stat.slice(close + 2).split(' ')
      return {
        name: stat.slice(stat.indexOf('(') + 1, close),
        parent: Number(fields[1]),
        start: fields[19] ?? '',
      }
    }
    if (process.platform === 'win32') return undefined
    const line = execFileSync('ps', ['-o', 'ppid=,lstart=,comm=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 300,
    }).trim()
    const m = /^(\d+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line)
    return m
      ? { parent: Number(m[1]), start: m[2] ?? '', name: (m[3] ?? '').split('/').at(-1) ?? '' }
      : undefined
  } catch {
    return undefined
  }
}

const SHELL = /^-?(sh|bash|dash|zsh|fish|ksh|busybox|env|npm|npx)$/

/** The tool that called this hook: the nearest ancestor that is no shell. */
export function callingTool(): { readonly pid: number; readonly start: string } | null {
  let pid = process.ppid
  for (let step = 0; step < 5 && pid > 1; step++) {
    const facts = processFacts(pid)
    if (!facts) return null
    if (!SHELL.test(facts.name)) return { pid, start: facts.start }
    pid = facts.parent
  }
  return null
}

export function readRegistrations(home: string): readonly Registration[] {
  let names: string[]
  try {
    names = readdirSync(folderOf(home))
  } catch {
    return []
  }
  return names.flatMap((name) => {
    if (!name.endsWith('.json')) return []
    try {
      const row = JSON.parse(readFileSync(join(folderOf(home), name), 'utf8')) as Partial<Registration> | null
      return typeof row?.session === 'string' && typeof row.toolSession === 'string'
        ? [row as Registration]
        : []
    } catch {
      return []
    }
  })
}

export function isLive(row: Registration, now = Date.now()): boolean {
  if (row.endedAt) return false
  if (!row.process) return now - Date.parse(row.startedAt) < LIVE_WITHOUT_PROCESS_MS
  const facts = processFacts(row.process.pid)
  return facts?.start === row.process.start
}

export function register(home: string, row: Registration): void {
  mkdirSync(folderOf(home), { recursive: true, mode: 0o700 })
  const file = fileOf(home, row.toolSession)
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(row) + '\n', { mode: 0o600 })
  renameSync(draft, file)
}

/** Old registrations are of no use to anybody. */
export function forgetOld(home: string, now = Date.now()): void {
  for (const row of readRegistrations(home)) {
    const at = Date.parse(row.startedAt)
    if (isLive(row, now) || now - at < KEPT_MS) continue
    try {
      unlinkSync(fileOf(home, row.toolSession))
    } catch {
      // Somebody else was quicker.
    }
  }
}

/** Names to ask for where the API wants one session: those that hooks registered, `coord`, and the protocol's usual one. */
export const knownSessions = (home: string, machine: string, acting: string): readonly string[] => [
  ...new Set([acting, `${machine}/claude-main`, ...readRegistrations(home).map((r) => r.session)]),
]
