/** The files that a patch in a here-document names: unified diffs, and the `*** Update File:` form of some tools. */

const UNIFIED = /^(?:---|\+\+\+) (?:"?[ab]\/)?([^\t\n"]+)"?(?:\t.*)?$/
const ENVELOPE = /^\*\*\* (?:Add|Update|Delete) File: (.+)$/
const MOVED = /^\*\*\* Move to: (.+)$/

/** Paths as they stand in the patch, without git's `a/` and `b/`, each once, in order. */
export function pathsOfPatch(text: string): readonly string[] {
  const found = new Set<string>()
  for (const line of text.split(/\r?\n/)) {
    const path = (ENVELOPE.exec(line) ?? MOVED.exec(line) ?? UNIFIED.exec(line))?.[1]?.trim()
    if (path !== undefined && path !== '/dev/null') found.add(path)
  }
  return [...found]
}
