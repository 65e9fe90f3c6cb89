/** Doctor's look at the hooks: each is run as the tool would run it, and asked only whether it is there. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { toRelativeTime } from '../../../shared/text.ts'
import { lastHookCall } from '../../adapters/hook-calls.ts'
import { PROBE, PROBE_ANSWER } from '../hooks/hook-probe.ts'
import { entriesIn, HOOKS, isCurrent } from '../../adapters/hook-settings.ts'
import type { Finding } from './finding.ts'

const PATIENCE_MS = 10_000
const MEND = 'Run "coord hook install" again, from the place where Coord Tray is now.'

/** The settings files in which a tool looks for hooks of a project, and of the person. */
const settingsFiles = (workspace: string): readonly string[] => [
  join(workspace, '.claude', 'settings.local.json'),
  join(workspace, '.claude', 'settings.json'),
  join(homedir(), '.claude', 'settings.json'),
]

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Why a hook's command does not do what it should; undefined where it does. */
function faultOf(command: string, cwd: string): string | undefined {
  const ran = spawnSync(command, {
    shell: true,
    cwd,
    env: { ...process.env, [PROBE]: '1' },
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    input: '{}',
  })
  if (ran.stdout.includes(PROBE_ANSWER)) return undefined
  const words = ran.stderr.trim().split('\n')[0] ?? ''
  return words === '' ? `it ended with ${ran.status ?? ran.signal ?? 'nothing'}` : words
}

const entriesAt = (workspace: string) => settingsFiles(workspace).flatMap((file) => entriesIn(textOf(file)))
/** Hooks of ours, in the project's settings or in the person's. */
export const areInstalled = (workspace: string): boolean => entriesAt(workspace).length > 0

/** One finding where none is installed, else one an event. */
export function checkHooks(workspace: string, home: string, now: number): readonly Finding[] {
  const installed = entriesAt(workspace)
  if (installed.length === 0)
    return [
      {
        check: 'session hooks here',
        ok: true,
        detail: 'not installed ("coord hook install" adds them)',
        fix: null,
      },
    ]
  return HOOKS.map(({ event, ours }) => {
    const check = `hook ${event}`
    const entry = installed.find((one) => one.event === event)
    if (!entry) return { check, ok: false, detail: 'not installed', fix: MEND }
    if (!isCurrent(entry))
      return {
        check,
        ok: false,
        detail: 'written by another build, for other tools or another time',
        fix: MEND,
      }
    const fault = faultOf(entry.command, workspace)
    const last = lastHookCall(home, ours)
    const when = last === null ? 'never called yet' : `last called ${toRelativeTime(last, now)}`
    return fault === undefined
      ? { check, ok: true, detail: `runs; ${when}`, fix: null }
      : { check, ok: false, detail: `does not run: ${fault}; ${when}`, fix: MEND }
  })
}
