/**
 * Claude Code's own list of projects: the keys of `projects` in its `.claude.json`, and nothing else of that file. It holds
 * a person's secrets and histories, is rewritten often, and is at times found damaged: then the last good list stands.
 */
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Env } from './places.ts'

const MAX_BYTES = 32 * 1024 * 1024
const MAX_PROJECTS = 2_000
export const READ_EVERY_MS = 60_000

/** Where the tool keeps it. */
export const claudeFile = (env: Env): string =>
  join(env['CLAUDE_CONFIG_DIR'] || env['HOME'] || env['USERPROFILE'] || homedir(), '.claude.json')

export interface ClaudeProjects {
  /** The folders of the list; reads the file where it changed, and at most once a minute. Never rejects. */
  read(): Promise<readonly string[]>
}

/** The keys of `projects` that are absolute paths; undefined where the text is not what it should be. */
export function projectsIn(text: string): readonly string[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  const projects: unknown = Object.hasOwn(parsed, 'projects')
    ? (parsed as Record<string, unknown>)['projects']
    : {}
  if (typeof projects !== 'object' || projects === null || Array.isArray(projects)) return undefined
  return Object.keys(projects)
    .filter((path) => isAbsolute(path) && !path.includes('\0'))
    .slice(0, MAX_PROJECTS)
}

export function createClaudeProjects(
  file: string,
  monotonic: () => number = () => performance.now(),
): ClaudeProjects {
  let readAt: number | null = null
  let version = ''
  let known: readonly string[] = []
  return {
    async read() {
      if (readAt !== null && monotonic() - readAt < READ_EVERY_MS) return known
      readAt = monotonic()
      try {
        const info = await stat(file)
        const now = `${info.mtimeMs} ${info.size} ${info.ino}`
        if (now === version || !info.isFile() || info.size > MAX_BYTES) return known
        const found = projectsIn(await readFile(file, 'utf8'))
        // Damaged, perhaps in the middle of a write: looked at again in a minute.
        if (found === undefined) return known
        version = now
        known = found
      } catch {
        // Not there, or not ours to read: nothing is suggested.
      }
      return known
    },
  }
}
