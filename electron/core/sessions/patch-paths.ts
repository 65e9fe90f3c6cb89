/** The files that a patch in a here-document names: diffs, and the `*** Update File:` form of some tools. */

const OLD = /^--- ("?)([^\t\n"]+)\1(?:\t.*)?$/
const NEW = /^\+\+\+ ("?)([^\t\n"]+)\1(?:\t.*)?$/
const ENVELOPE = /^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/
const RENAMED = /^(?:rename (?:from|to)|copy to) (.+)$/
/** A file of which only the mode or binary content changes: nothing else names it. */
const GIT = /^diff --git "?a\/(.+?)"? "?b\/(.+?)"?$/

/** The path without its first `strip` names; without git's `a/` and `b/` where it is not said how many. */
function stripped(path: string, strip: number | null): string {
  if (strip === null) return path.replace(/^[ab]\//, '')
  const names = path.split('/')
  return names.slice(Math.min(strip, names.length - 1)).join('/')
}

/** Paths as they stand in the patch, each once, in order; `strip` is how many names are taken off (`-p1`). */
export function pathsOfPatch(text: string, strip: number | null = null): readonly string[] {
  const found = new Set<string>()
  const add = (path: string | undefined): void => {
    if (path !== undefined && path !== '/dev/null') found.add(path)
  }
  const lines = text.split(/\r?\n/)
  for (const [i, line] of lines.entries()) {
    add((ENVELOPE.exec(line) ?? RENAMED.exec(line))?.[1]?.trim())
    const git = GIT.exec(line)
    if (git && git[1] === git[2]) add(git[1])
    // a line that goes or comes may look like one of the two; both, one behind the other, do not
    const before = OLD.exec(line)?.[2]?.trim()
    const after = NEW.exec(lines[i + 1] ?? '')?.[2]?.trim()
    for (const path of before !== undefined && after !== undefined ? [before, after] : [])
      if (path !== '/dev/null') add(stripped(path, strip))
  }
  return [...found]
}
