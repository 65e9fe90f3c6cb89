/** The README's table of sentences: each is one of the code, each test that it names is there, and no sentence of the window is missing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const filesOf = (dir: string): readonly string[] =>
  readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(dir, name))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** As it is read: line breaks of the source are blanks, and an escape is what it stands for. */
const plain = (text: string): string =>
  text
    .replace(/\\u2019|’/g, "'")
    .replace(/\\'/g, "'")
    .replace(/\s+/g, ' ')
const sources = [...filesOf('renderer'), ...filesOf('shared')]
  .filter((file) => !/\.test\.ts$/.test(file))
  .map((file) => plain(read(file)))
const tests = [...filesOf('renderer'), ...filesOf('electron/core'), ...filesOf('e2e')].filter((file) =>
  /\.(test|spec)\.ts$/.test(file),
)

/** What stands between the parts that differ. */
const partsOf = (sentence: string): readonly string[] =>
  plain(sentence)
    .split('…')
    .map((part) => part.trim())
    .filter((part) => /\p{L}/u.test(part))

const section = read('renderer/README.md').split('## Sentences that state a fact')[1]?.split('\n## ')[0] ?? ''
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
const quoted = rows.flatMap(([, cell = '']) => [...cell.matchAll(/"([^"]+)"/g)].map(([, one = '']) => one))
const cited = rows.flatMap(([, , , cell = '']) => cell.split('; '))

/** A text of the code as it is read: of a template, `…` stands for what differs. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isJsxText(node) || ts.isStringLiteralLike(node)) return node.text
  if (!ts.isTemplateExpression(node)) return undefined
  return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')
}

/** What a file says in whole sentences, of at least three words. */
function sentencesOf(file: string): readonly string[] {
  const found: string[] = []
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const look = (node: ts.Node): void => {
    const text = plain(textOf(node) ?? '').trim()
    if (/^[\p{Lu}…].*\p{L} .*\p{L} .*\.$/u.test(text)) found.push(text)
    ts.forEachChild(node, look)
  }
  look(ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true, kind))
  return found
}
const said = filesOf('renderer')
  .filter((file) => !/\.test\.tsx?$/.test(file))
  .flatMap((file) => sentencesOf(file).map((text) => ({ file, text })))
/** A word or two stand in many sentences, and are of the one that is nothing else. */
const isOfTable = (text: string): boolean =>
  quoted.some((one) => {
    const parts = partsOf(one)
    const isShort = parts.join(' ').split(' ').length < 3
    return isShort ? plain(one) === text : parts.every((part) => text.includes(part))
  })

/** What is so whatever happens: what a place or a choice is for, what to do, what is written to others. */
const NO_STATE: ReadonlySet<string> = new Set([
  'A lock that a session claims appears here: who holds it, how long, and who waits for it.',
  'A message that another session sends appears here.',
  'All of this works as it stands, and can be changed later in Settings.',
  'At each thing that must be in place. Nothing is changed.',
  'Check again, or open the log.',
  'Choose a call: why it is here and what can be done with it stands here then.',
  'Choose a conversation to read it.',
  'Choose a lock to see who waits for it and what tells of its session.',
  'Folders that are left alone, also when a queue is found in them.',
  'For one whose messages can wait.',
  'Hooks in Claude Code&apos;s settings send what a session queued at its start, tell it of unread messages, ask before it edits a file that another session holds, and release its locks at its end.',
  'It is sent as a new call; the old one ends. What you type is kept while this window is open.',
  'Kept locks stay claimed while Coord Tray is closed, until they expire.',
  'Keys of a row stand on its buttons.',
  'Only this passes: another session waits for a lock of this machine.',
  'Queued calls go to its address and nowhere else.',
  'Queued calls stay safe in their folders.',
  "Sessions are named MACHINE/session: those with this name are this machine's.",
  'Sessions of this machine that no lock, message, queue or hook tells of.',
  'Sessions that still work lose their locks too, and others may then change the same things.',
  "Sessions with one of these are this machine's, too.",
  'Start a session of Claude Code: one that runs already reads its hooks at its next start.',
  'The board says who said so.',
  'What Coord Tray did, and what went wrong.',
  'Where locks, messages and states of all sessions are.',
  'Without a window: it is in the tray.',
  'Works at once, for the sessions of this workstation.',
  'You hold …. Please release it when you can, or answer how long you still need it.',
])

describe('the table of sentences', () => {
  it.each(said)('has "$text" of $file, unless it is so whatever happens', ({ text }) => {
    expect(isOfTable(text) || NO_STATE.has(text)).toBe(true)
  })

  it('names as such only what is said', () => {
    const all = new Set(said.map((one) => one.text))
    expect([...NO_STATE].filter((text) => !all.has(text) || isOfTable(text))).toEqual([])
  })

  it('has a row for each view', () => {
    expect(rows.length).toBeGreaterThan(50)
    for (const view of ['queue', 'messages', 'locks', 'board', 'settings', 'check', 'first-run', 'quit'])
      expect(
        cited.some((one) => one.startsWith(`\`window-${view}\``)),
        view,
      ).toBe(true)
  })

  it.each(quoted)('is of the code: %s', (sentence) => {
    const parts = partsOf(sentence)
    expect(parts).not.toEqual([])
    expect(sources.some((text) => parts.every((part) => text.includes(part)))).toBe(true)
  })

  it.each(cited)('names a test that is there: %s', (one) => {
    const [, name = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(one) ?? []
    const files = tests.filter((file) => file.endsWith(`/${name}.ts`) || file === `e2e/${name}.spec.ts`)
    expect(files, name).not.toEqual([])
    expect(files.some((file) => plain(read(file)).includes(plain(title)))).toBe(true)
  })
})
