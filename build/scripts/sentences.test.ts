/** The README's table of sentences: each sentence is one of the code, and each test that it names is there. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
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

describe('the table of sentences', () => {
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
