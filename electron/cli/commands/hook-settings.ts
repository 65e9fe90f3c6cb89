/**
 * Claude Code's `.claude/settings.local.json` with our hooks in it, and without them again.
 * Pure text in, text out: what stood there before is given back byte for byte wherever nobody else changed the file.
 */

import { MARK } from '../hooks/hook-command.ts'
import type { HookEvent } from '../hooks/run-hook.ts'

/** Our hooks: the tool's event, ours, and which tools it is for ('' is all of them). */
export const HOOKS = [
  { event: 'SessionStart', ours: 'start', matcher: null, timeoutS: 5 },
  {
    event: 'PreToolUse',
    ours: 'before-tool',
    matcher: 'Edit|Write|MultiEdit|NotebookEdit|Bash',
    timeoutS: 3,
  },
  { event: 'PostToolUse', ours: 'after-tool', matcher: '', timeoutS: 3 },
  { event: 'UserPromptSubmit', ours: 'prompt', matcher: null, timeoutS: 3 },
  { event: 'Stop', ours: 'stop', matcher: null, timeoutS: 3 },
  { event: 'SessionEnd', ours: 'end', matcher: null, timeoutS: 5 },
] as const satisfies readonly {
  readonly event: string
  readonly ours: HookEvent
  readonly matcher: string | null
  readonly timeoutS: number
}[]

/** The command for each of our events. */
export type HookCommands = (event: HookEvent) => string

/** What builds before the mark wrote: their program, then exactly these words. */
const OLDER =
  /(?:coord\.mjs|cli\.cjs|cli\.ts)"? hook run (?:start|end)(?: --session \S+| --session "[^"]*")?(?: --home \S+| --home "[^"]*")?$/

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isOurEntry = (entry: unknown): boolean =>
  isObject(entry) &&
  typeof entry['command'] === 'string' &&
  (entry['command'].split(' ').includes(MARK) || OLDER.test(entry['command']))

/** How the file is written: its indentation, its line ends, its last newline, its BOM. */
function styleOf(text: string): {
  readonly indent: string
  readonly eol: string
  readonly end: string
  readonly bom: string
} {
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const indent = /\n([ \t]+)"/.exec(text)?.[1] ?? (text.trim() === '' || text.includes('\n') ? '  ' : '')
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const end = /\s*$/.exec(text)?.[0] ?? ''
  return { indent, eol, end: text.trim() === '' ? '\n' : end, bom }
}

/** The object as JSON, in the style of the text that it replaces. */
export function printSettings(value: Json, like: string): string {
  const { indent, eol, end, bom } = styleOf(like)
  return bom + JSON.stringify(value, null, indent).replaceAll('\n', eol) + end
}

/** The settings as an object, or undefined where the file is none (it is left alone then). */
export function parseSettings(text: string): Json | undefined {
  const bare = text.replace(/^\uFEFF/, '')
  if (bare.trim() === '') return {}
  try {
    const parsed: unknown = JSON.parse(bare)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** Our entries taken out, and what became empty by that; everything else stays. */
function without(settings: Json): Json {
  const hooks = settings['hooks']
  if (!isObject(hooks)) return settings
  const kept: Json = {}
  for (const [event, groups] of Object.entries(hooks)) {
    if (
      !Array.isArray(groups) ||
      !groups.some((g) => isObject(g) && Array.isArray(g['hooks']) && g['hooks'].some(isOurEntry))
    ) {
      kept[event] = groups
      continue
    }
    const left = (groups as readonly unknown[]).flatMap((group): unknown[] => {
      if (!isObject(group) || !Array.isArray(group['hooks'])) return [group]
      const entries = (group['hooks'] as readonly unknown[]).filter((entry) => !isOurEntry(entry))
      return entries.length === 0 ? [] : [{ ...group, hooks: entries }]
    })
    if (left.length > 0) kept[event] = left
  }
  const { hooks: _hooks, ...rest } = settings
  if (Object.keys(kept).length === 0) return rest
  return Object.fromEntries(Object.entries(settings).map(([k, v]) => [k, k === 'hooks' ? kept : v]))
}

export function withHooks(text: string, commands: HookCommands): string | undefined {
  const parsed = parseSettings(text)
  if (!parsed) return undefined
  const settings = without(parsed)
  const before = settings['hooks']
  if (before !== undefined && !isObject(before)) return undefined
  const hooks: Json = { ...before }
  for (const { event, ours, matcher, timeoutS } of HOOKS) {
    const groups = hooks[event]
    if (groups !== undefined && !Array.isArray(groups)) return undefined
    const entry = { type: 'command', command: commands(ours), timeout: timeoutS }
    const group = { ...(matcher === null ? {} : { matcher }), hooks: [entry] }
    hooks[event] = [...((groups as readonly unknown[] | undefined) ?? []), group]
  }
  return printSettings({ ...settings, hooks }, text)
}

/** The text without our hooks; undefined where it does not parse; the same text where none are in it. */
export function withoutHooks(text: string): string | undefined {
  const parsed = parseSettings(text)
  if (!parsed) return undefined
  return installedIn(text).length === 0 ? text : printSettings(without(parsed), text)
}

/** Our commands in the file, with their event. */
export function installedIn(text: string): readonly { readonly event: string; readonly command: string }[] {
  const hooks = parseSettings(text)?.['hooks']
  if (!isObject(hooks)) return []
  return Object.entries(hooks).flatMap(([event, groups]) =>
    (Array.isArray(groups) ? (groups as readonly unknown[]) : []).flatMap((group) =>
      isObject(group) && Array.isArray(group['hooks'])
        ? (group['hooks'] as readonly unknown[])
            .filter(isOurEntry)
            .map((entry) => ({ event, command: String((entry as Json)['command']) }))
        : [],
    ),
  )
}

/** A plain line diff: what goes (`-`), what comes (`+`), with two lines around. */
export function diffOf(before: string, after: string): string {
  const lines = (text: string): readonly string[] =>
    text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  const a = lines(before)
  const b = lines(after)
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail++
  return [
    ...a.slice(Math.max(0, head - 2), head).map((l) => `  ${l}`),
    ...a.slice(head, a.length - tail).map((l) => `- ${l}`),
    ...b.slice(head, b.length - tail).map((l) => `+ ${l}`),
    ...a.slice(a.length - tail, a.length - tail + 2).map((l) => `  ${l}`),
  ].join('\n')
}
