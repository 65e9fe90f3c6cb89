/** What a shell command is about to touch: files that it writes, branches that it moves, commands that a project may name. */
import { readGit } from './git-command.ts'
import { isAbsolutePath, resolvePath } from './paths.ts'
import { readShell, type ShellFacts, type SimpleCommand } from './read-shell.ts'
import type { ShellWord } from './shell-word.ts'
import type { Reading, Target, UnreadCause } from './targets.ts'
import { unwrapCommand } from './unwrap-command.ts'
import { writtenFiles, type WrittenFiles } from './written-files.ts'

interface Collected {
  readonly targets: Target[]
  readonly unread: { cause: UnreadCause; text: string }[]
}

function addFile(
  into: Collected,
  word: ShellWord,
  folder: string | null,
  isTree: boolean,
  facts: ShellFacts,
): void {
  if (!word.isKnown) into.unread.push({ cause: 'expansion', text: word.text })
  else if (folder === null && !isAbsolutePath(word.text, facts.style))
    into.unread.push({ cause: 'unknown-folder', text: word.text })
  else
    into.targets.push({
      kind: 'path',
      path: resolvePath(folder ?? '/', word.text, facts.style),
      isTree: isTree || word.text.endsWith('/'),
      isPattern: word.isPattern,
    })
}

function addFiles(
  into: Collected,
  written: WrittenFiles,
  folder: string | null,
  text: string,
  facts: ShellFacts,
): void {
  for (const file of written.files) addFile(into, file, folder, written.isTree, facts)
  if (written.unread !== null) into.unread.push({ cause: written.unread, text })
}

/** Text behind a command's name that decides nothing: a device, a descriptor. */
const NO_FILE = /^\/dev\/|^&?\d+$|^-$/

function addCommand(into: Collected, command: SimpleCommand, facts: ShellFacts): void {
  const { folder, words } = command
  for (const word of command.writesTo) if (!NO_FILE.test(word.text)) addFile(into, word, folder, false, facts)
  if (words.length === 0) return
  const text = words.map((word) => word.text).join(' ')
  const run = unwrapCommand(words)
  if (run === undefined) {
    into.unread.push({ cause: 'expansion', text })
    return
  }
  if (run.name === 'git') {
    const git = readGit(run.args, folder, command.input, facts.style)
    addFiles(into, git.written, git.folder, text, facts)
    if (git.branch !== undefined && git.folder === null) into.unread.push({ cause: 'unknown-folder', text })
    else if (git.branch !== undefined && git.folder !== null)
      into.targets.push({ kind: 'git', folder: git.folder, branch: git.branch })
  } else {
    const written = writtenFiles(run, command.input)
    addFiles(into, written, folder, text, facts)
    if (run.hasMore && isWriter(run.name)) into.unread.push({ cause: 'names-from-input', text })
  }
  if (folder === null) return
  into.targets.push({ kind: 'command', text, folder })
  const inner = [run.name, ...run.args.map((word) => word.text)].join(' ')
  if (inner !== text) into.targets.push({ kind: 'command', text: inner, folder })
}

const isWriter = (name: string): boolean =>
  /^(?:rm|rmdir|mv|cp|sed|perl|tee|touch|truncate|patch|install|ln)$/.test(name)

/** Reads one shell command. Nothing is run, and nothing on the disk is looked at. */
export function shellTargets(text: string, facts: ShellFacts): Reading {
  const script = readShell(text, facts)
  const into: Collected = { targets: [], unread: [...script.unread] }
  for (const command of script.commands) addCommand(into, command, facts)
  return into
}
