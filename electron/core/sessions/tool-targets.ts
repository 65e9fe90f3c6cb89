/** What a call of an AI tool is about to touch, from the tool's own documented JSON. */
import { shellQuoted } from '../../../shared/shell-quote.ts'
import { resolvePath } from './paths.ts'
import { pathsOfPatch } from './patch-paths.ts'
import type { ShellFacts } from './read-shell.ts'
import type { Shell } from './script-within.ts'
import { shellTargets } from './shell-targets.ts'
import type { Reading, Target } from './targets.ts'

/** Tools that write the one file that they name. */
const EDITS = new Set(['Edit', 'Write', 'MultiEdit', 'NotebookEdit'])
const PATH_FIELDS = ['file_path', 'notebook_path'] as const
/** Tools that run a command, and what reads it. */
const SHELLS: Readonly<Record<string, Shell>> = {
  Bash: 'bash',
  Monitor: 'bash',
  PowerShell: 'powershell',
  shell: 'bash',
}
/** Where Codex puts a patch, in its hooks and in its calls. */
const PATCH_FIELDS = ['command', 'input', 'patch'] as const

const NOTHING: Reading = { targets: [], unread: [] }

const textOf = (input: Readonly<Record<string, unknown>>, field: string): string | undefined => {
  const value = input[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

const toFile = (path: string, facts: ShellFacts): Target => ({
  kind: 'path',
  path: resolvePath(facts.folder, path, facts.style),
  isTree: false,
  isPattern: false,
})

/** Reads one tool call; a tool that writes nothing that we know of touches nothing. */
export function toolTargets(
  tool: string,
  input: Readonly<Record<string, unknown>>,
  facts: ShellFacts,
): Reading {
  if (EDITS.has(tool)) {
    const path = PATH_FIELDS.map((field) => textOf(input, field)).find((text) => text !== undefined)
    return path === undefined ? NOTHING : { targets: [toFile(path, facts)], unread: [] }
  }
  if (tool === 'apply_patch') {
    const patch = PATCH_FIELDS.map((field) => textOf(input, field)).find((text) => text !== undefined) ?? ''
    return { targets: pathsOfPatch(patch).map((path) => toFile(path, facts)), unread: [] }
  }
  const shell = Object.hasOwn(SHELLS, tool) ? SHELLS[tool] : undefined
  const command = shell === undefined ? undefined : commandOf(input['command'])
  return command === undefined ? NOTHING : shellTargets(command, facts, shell)
}

/** The text of a command; words (`["bash", "-lc", "…"]`) are put into quotes first. */
function commandOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (!Array.isArray(value) || !value.every((word) => typeof word === 'string')) return undefined
  return value.map(shellQuoted).join(' ')
}
