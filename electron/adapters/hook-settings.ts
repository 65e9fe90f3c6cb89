/**
 * Claude Code's `.claude/settings.local.json` with our hooks in it, and without them again.
 * Pure text in, text out: what stood there before is given back byte for byte wherever nobody else changed the file.
 */

import { isDeepStrictEqual } from 'node:util'
import { applyEdits, findNodeAtLocation, modify, parseTree, type Edit, type Node } from 'jsonc-parser'
import type { HookEvent } from '../core/sessions/hook-events.ts'
import { MARK } from './hook-command.ts'

/** Our hooks: the tool's event, ours, and which tools it is for ('' is all of them). */
export const HOOKS = [
  { event: 'SessionStart', ours: 'start', matcher: null, timeoutS: 5 },
  {
    event: 'PreToolUse',
    ours: 'before-tool',
    // on Windows commands go through PowerShell, and where Git Bash is not there is no other shell
    matcher: 'Edit|Write|MultiEdit|NotebookEdit|Bash|PowerShell|Monitor',
    // more than COORD_GUARD_WAIT can ask for: a hook that its tool cancels guards nothing
    timeoutS: 15,
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

const isOurEntry = (entry: unknown): entry is Json =>
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

/** The text with a value put in, or taken out (undefined): nothing else of it is written anew. */
export function withValue(text: string, path: Path, value: unknown): string {
  const { indent, eol, bom } = styleOf(text)
  const bare = text.slice(bom.length)
  if (bare.trim() === '') return printSettings(nested(path, value) as Json, text)
  // a file without line ends stays one line
  const isOneLine = !bare.trimEnd().includes('\n') && bare.trim() !== '{}'
  const edits =
    value === undefined
      ? removalOf(bare, path)
      : modify(bare, [...path], value, { isArrayInsertion: typeof path.at(-1) === 'number' })
  const laidOut =
    isOneLine || value === undefined
      ? edits
      : edits.map((edit) => ({ ...edit, content: laidOutAs(edit.content, bare, path, indent || '  ', eol) }))
  const after = bom + applyEdits(bare, laidOut)
  // an edit of a compact array can go wrong: then the whole is written anew, which is right in any case
  const wanted = changed(parseSettings(text), path, value) as Json
  return isDeepStrictEqual(parseSettings(after), wanted) ? after : printSettings(wanted, text)
}

/** Takes a value out with its key, and with the comma and the line end that came with it. */
function removalOf(text: string, path: Path): Edit[] {
  const root = parseTree(text)
  const value = root && findNodeAtLocation(root, [...path])
  const node = value?.parent?.type === 'property' ? value.parent : value
  const siblings = node?.parent?.children
  if (!node?.parent || !siblings) return []
  const i = siblings.indexOf(node)
  const [before, after] = [siblings[i - 1], siblings[i + 1]]
  const endOf = ({ offset, length }: Node): number => offset + length
  const [from, to] = before
    ? [endOf(before), endOf(node)]
    : after
      ? [node.offset, after.offset]
      : [node.parent.offset + 1, endOf(node.parent) - 1]
  return [{ offset: from, length: to - from, content: '' }]
}

/** What is put into an object or an array, each of its lines as deep as it stands there. */
function laidOutAs(content: string, text: string, path: Path, indent: string, eol: string): string {
  const [, comma = '', bare = ''] = /^(,?)([\s\S]*)$/.exec(content) ?? []
  const isRow = !bare.startsWith('"')
  const printed = JSON.stringify(JSON.parse(isRow ? `[${bare}]` : `{${bare}}`), null, indent)
  // what is there already of the path is what it is put into
  let at: unknown = parseSettings(text)
  let depth = 0
  for (const key of path.slice(0, -1)) {
    at = isObject(at) || Array.isArray(at) ? (at as Json)[key] : undefined
    if (at === undefined) break
    depth++
  }
  const before = indent.repeat(depth)
  const rows = printed.split('\n').slice(1, -1)
  const end = comma === '' ? eol + before : ''
  return comma + eol + rows.map((row) => before + row).join(eol) + end
}

/** The same change to the value itself. */
function changed(at: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  if (typeof key === 'number') {
    const rows = Array.isArray(at) ? [...(at as readonly unknown[])] : []
    if (rest.length > 0) rows[key] = changed(rows[key], rest, value)
    else if (value === undefined) rows.splice(key, 1)
    else rows.splice(key, 0, value)
    return rows
  }
  const inner = isObject(at) ? at : {}
  if (rest.length > 0 || value !== undefined) return { ...inner, [key]: changed(inner[key], rest, value) }
  const { [key]: _gone, ...others } = inner
  return others
}
const nested = (path: Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value)

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

type Path = readonly (string | number)[]

/** The first of our entries, with what becomes empty by its going; null where none is left. */
function oursAt(hooks: unknown): Path | null {
  if (!isObject(hooks)) return null
  for (const [event, groups] of Object.entries(hooks)) {
    if (!Array.isArray(groups)) continue
    for (const [i, group] of (groups as readonly unknown[]).entries()) {
      const entries: unknown = isObject(group) ? group['hooks'] : undefined
      if (!Array.isArray(entries)) continue
      const at = entries.findIndex(isOurEntry)
      if (at < 0) continue
      if (entries.length > 1) return ['hooks', event, i, 'hooks', at]
      if (groups.length > 1) return ['hooks', event, i]
      return Object.keys(hooks).length > 1 ? ['hooks', event] : ['hooks']
    }
  }
  return null
}

/** Our entries taken out, and what became empty by that; everything else stays as it is written. */
function without(text: string): string {
  let left = text
  for (let at = oursAt(parseSettings(left)?.['hooks']); at; at = oursAt(parseSettings(left)?.['hooks']))
    left = withValue(left, at, undefined)
  return left
}

export function withHooks(text: string, commands: HookCommands): string | undefined {
  if (isAsWanted(text, commands)) return text
  let after = without(text)
  const settings = parseSettings(after)
  if (!settings) return undefined
  const before = settings['hooks']
  if (before !== undefined && !isObject(before)) return undefined
  for (const { event, ours, matcher, timeoutS } of HOOKS) {
    const groups = before?.[event]
    if (groups !== undefined && !Array.isArray(groups)) return undefined
    const entry = { type: 'command', command: commands(ours), timeout: timeoutS }
    const group = { ...(matcher === null ? {} : { matcher }), hooks: [entry] }
    after =
      groups === undefined
        ? withValue(after, ['hooks', event], [group])
        : withValue(after, ['hooks', event, groups.length], group)
  }
  return after
}

/** Whether all of ours are there already, each once and as it would be written. */
function isAsWanted(text: string, commands: HookCommands): boolean {
  const installed = entriesIn(text)
  return (
    installed.length === HOOKS.length &&
    HOOKS.every(({ event, ours }) =>
      installed.some((one) => one.event === event && one.command === commands(ours) && isCurrent(one)),
    )
  )
}

/** Whether an entry is for the tools, and has the time, that this build would write: an older one's may miss some. */
export const isCurrent = (one: InstalledHook): boolean =>
  HOOKS.some(
    ({ event, matcher, timeoutS }) =>
      event === one.event && matcher === one.matcher && timeoutS === one.timeoutS,
  )

/** The text without our hooks; undefined where it does not parse; the same text where none are in it. */
export function withoutHooks(text: string): string | undefined {
  const parsed = parseSettings(text)
  if (!parsed) return undefined
  return without(text)
}

/** One of our entries as a file has it. */
export interface InstalledHook {
  readonly event: string
  readonly command: string
  /** The tools that it is for; null where the file does not say. */
  readonly matcher: string | null
  readonly timeoutS: number | null
}

/** Our entries in the file. */
export function entriesIn(text: string): readonly InstalledHook[] {
  const hooks = parseSettings(text)?.['hooks']
  if (!isObject(hooks)) return []
  return Object.entries(hooks).flatMap(([event, groups]) =>
    (Array.isArray(groups) ? (groups as readonly unknown[]) : []).flatMap((group) => {
      if (!isObject(group) || !Array.isArray(group['hooks'])) return []
      const matcher = typeof group['matcher'] === 'string' ? group['matcher'] : null
      return (group['hooks'] as readonly unknown[]).filter(isOurEntry).map((entry) => ({
        event,
        command: String(entry['command']),
        matcher,
        timeoutS: typeof entry['timeout'] === 'number' ? entry['timeout'] : null,
      }))
    }),
  )
}

/** Our commands in the file, with their event. */
export const installedIn = (text: string): readonly { readonly event: string; readonly command: string }[] =>
  entriesIn(text).map(({ event, command }) => ({ event, command }))

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
