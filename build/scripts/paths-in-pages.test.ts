/** Every path of the repository that a page names is there: what moves takes its name along. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SOURCE = /\.(?:ts|tsx|mjs|cjs|css|md|html)$/
/** Names of files that are made elsewhere: in a person's project, by a build. */
const ELSEWHERE = new Set(['CLAUDE.md', 'hook.cjs', 'cli.cjs'])

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean)

/** A file's folder and those above it, up to the root, which is ''. */
function foldersOf(path: string): readonly string[] {
  const folder = posix.dirname(path)
  return folder === '.' ? [''] : [folder, ...foldersOf(folder)]
}
const folders = new Set(files.flatMap(foldersOf))
const isThere = (path: string): boolean =>
  folders.has(path) || files.some((file) => file === path || file.startsWith(`${path}.`))

/** What stands between backticks outside of blocks, word by word, that looks like a name or a path. */
const wordsOf = (text: string): readonly string[] =>
  [...text.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, words]) => (words ?? '').split(/\s+/))
    .map((word) => word.replace(/[/,;:)]+$/, ''))
    .filter((word) => /^[\w.@-]+(?:\/[\w.@-]+)*$/.test(word))

/** Whether a word names something of the repository that is not there, for a page that stands at `page`. */
function isMissing(page: string, word: string): boolean {
  const bases = foldersOf(page)
  if (!word.includes('/'))
    return SOURCE.test(word) && !ELSEWHERE.has(word) && !files.some((file) => posix.basename(file) === word)
  const [head = ''] = word.split('/')
  // relative to the page or to a folder above it; others speak of something else (`dist/`, an address of the API)
  const from = bases.filter((base) => head === '..' || folders.has(posix.join(base, head)))
  return from.length > 0 && !bases.some((base) => isThere(posix.normalize(posix.join(base, word))))
}

it.each(files.filter((file) => file.endsWith('.md')))('the paths in %s', (page) => {
  const words = wordsOf(readFileSync(join(ROOT, page), 'utf8'))
  expect(words.filter((word) => isMissing(page, word))).toEqual([])
})

it('a path that is not there is found, one that is there is not', () => {
  const missing = (word: string): boolean => isMissing('electron/README.md', word)
  expect(['core/outbox/gone.ts', 'gone.ts', '../shared/gone.ts', 'core/gone'].map(missing)).toEqual(
    Array.from({ length: 4 }, () => true),
  )
  expect(
    [
      'core/outbox/outbox.ts',
      'outbox.ts',
      '../shared/protocol.ts',
      'core/coord',
      'dist/cli/hook.cjs',
      'a/b',
    ].map(missing),
  ).toEqual(Array.from({ length: 6 }, () => false))
})
