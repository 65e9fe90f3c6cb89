/** What a shell command is about to touch: files that it writes, branches that it moves, commands that a project may name. */
import { readGit } from './git-command.ts'
import { isAbsolutePath, resolvePath, unresolvedPath } from './paths.ts'
import { programFiles } from './program-files.ts'
import { readShell, type ShellFacts, type SimpleCommand } from './read-shell.ts'
import { given } from './shell-variables.ts'
import type { Shell } from './script-within.ts'
import type { Reading, Target, UnreadCause } from './targets.ts'
import { runFolder, unwrapCommand } from './unwrap-command.ts'
import { filesOnly, isWriter, writtenFiles, type WrittenFile, type WrittenFiles } from './written-files.ts'

interface Collected {
  readonly targets: Target[]
  readonly unread: { cause: UnreadCause; text: string }[]
}

const DEVICE = /^\/dev\//
/** Behind a redirection: a descriptor. */
const DESCRIPTOR = /^&?\d+-?$|^-$/

function addFile(
  into: Collected,
  word: WrittenFile,
  folder: string | null,
  { isTree, isName, asks }: WrittenFiles,
  facts: ShellFacts,
): void {
  // an empty name is no file: the command fails
  if (word.text === '' || DEVICE.test(word.text)) return
  if (!word.isKnown) into.unread.push({ cause: 'expansion', text: word.text })
  else if (folder === null && !isAbsolutePath(word.text, facts.style))
    into.unread.push({ cause: 'unknown-folder', text: word.text })
  else {
    const add = (text: string, isPattern: boolean): void => {
      const path = resolvePath(folder ?? '/', text, facts.style)
      const unresolved = unresolvedPath(folder ?? '/', text, facts.style)
      into.targets.push({
        kind: 'path',
        path,
        ...(unresolved === path ? {} : { unresolved }),
        isTree: isTree || text.endsWith('/'),
        ...(isName === true ? { isName } : {}),
        isPattern,
        ...(word.orInside === undefined ? {} : { orInside: word.orInside }),
        ...(asks === undefined ? {} : { asks }),
        ...(word.isFromTop === true ? { isFromTop: true } : {}),
      })
    }
    // what `[ab]` or `!(x)` matches, and the word itself, which stays where nothing does
    if (word.simplePattern !== undefined) add(word.text, false)
    add(word.simplePattern ?? word.text, word.isPattern)
  }
}

function addFiles(
  into: Collected,
  written: WrittenFiles,
  folder: string | null,
  { text, readsFile }: SimpleCommand,
  facts: ShellFacts,
): void {
  for (const file of written.files) addFile(into, file, folder, written, facts)
  if (written.unread === null) return
  const isFile = written.unread === 'patch-from-input' && readsFile
  into.unread.push({ cause: isFile ? 'patch-from-file' : written.unread, text })
}

function addCommand(into: Collected, command: SimpleCommand, facts: ShellFacts): void {
  const { words, text } = command
  for (const word of command.writesTo)
    if (!DESCRIPTOR.test(word.text)) addFile(into, word, command.folder, filesOnly([]), facts)
  const run = unwrapCommand(words)
  if (run === undefined) into.unread.push({ cause: 'expansion', text })
  if (!run) return
  const folder = runFolder(run, command.folder, facts.style)
  if (run.name === 'git') {
    const git = readGit(
      run.args,
      { folder, variables: given(command.variables, run.assigned) },
      command.input,
      facts.style,
    )
    addFiles(into, git.written, git.tree, command, facts)
    addFiles(into, git.lost, git.tree, command, facts)
    for (const branch of git.branches)
      if (git.folder === null) into.unread.push({ cause: 'unknown-folder', text })
      else into.targets.push({ kind: 'git', folder: git.folder, branch })
  } else {
    addFiles(into, writtenFiles(run, command.input), folder, command, facts)
    const own = programFiles(run, command.input)
    if (own !== undefined) addFiles(into, own, folder, command, facts)
    if (run.more !== null && isWriter(run.name)) into.unread.push({ cause: run.more, text })
  }
  if (folder === null) return
  into.targets.push({ kind: 'command', text, folder })
  const inner = [run.name, ...run.args.map((word) => word.text)].join(' ')
  if (inner !== text) into.targets.push({ kind: 'command', text: inner, folder })
}

/** Reads one shell command. Nothing is run, and nothing on the disk is looked at. */
export function shellTargets(text: string, facts: ShellFacts, shell: Shell = 'bash'): Reading {
  const script = readShell(text, facts, shell)
  const into: Collected = { targets: [], unread: [...script.unread] }
  for (const command of script.commands) addCommand(into, command, facts)
  return into
}
