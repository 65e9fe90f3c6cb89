/** FAULTS.md is held to its word: every fault and every row of the tables of answers and meanings is there, and every test that it names exists. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const TABLE = readFileSync(join(import.meta.dirname, 'FAULTS.md'), 'utf8')

/** What an answer means, and what a call means: a row each. */
const ANSWERS = [
  '2xx that looks like the API',
  'cannot connect, DNS, connect time-out',
  'reset or time-out after bytes were sent',
  '503, 429 with Retry-After',
  '503, 429 without; 500, 502, 504, 408, 425, other 5xx',
  '401, 403, 404, 405, 407, 410',
  '409 on a claim',
  '400, 409, 413, 414, 415, 422, 501, other 4xx',
  '2xx with HTML, 3xx',
  'at most one probe a second',
]
const MEANINGS = [
  'claim whose age passes its life: expired',
  'claim released later in the same backlog: released-later',
  'release-all of a session that is at work again: session-active',
  'component state older than the row: superseded',
  'bytes identical to a call delivered lately: duplicate',
  'GET, HEAD: read',
  'outside /api/coord/, another origin, another method: refused',
  'everything else: sent as written',
]

/** The cells of a section's table, without its head. */
function rowsOf(text: string, heading: string): string[][] {
  const section = text.split(/^## /m).find((s) => s.startsWith(heading))
  if (section === undefined) throw new Error(`no section "${heading}"`)
  return section
    .split('\n')
    .filter((l) => l.startsWith('|'))
    .slice(2)
    .map((l) =>
      l
        .slice(1, l.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    )
}

/** The names of a file's tests: titles as they are written, and the rows of an `each` where the title is `%s`. */
function namesIn(file: string): { readonly names: ReadonlySet<string>; readonly skipped: readonly string[] } {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const names = new Set<string>()
  const skipped: string[] = []
  const textOf = (node: ts.Node): string | undefined =>
    ts.isStringLiteralLike(node)
      ? node.text
      : ts.isTemplateExpression(node)
        ? node.getText(source).slice(1, -1)
        : undefined
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText(source)
      const title = node.arguments[0] && textOf(node.arguments[0])
      if (/^(it|test)\b/.test(callee) && title !== undefined) {
        names.add(title)
        if (/^(it|test|describe)\.(skip|todo|only|fails)/.test(callee)) skipped.push(title)
        if (title === '%s' && ts.isCallExpression(node.expression)) {
          const within = (n: ts.Node): void => {
            const text = textOf(n)
            if (text !== undefined) names.add(text)
            ts.forEachChild(n, within)
          }
          node.expression.arguments.forEach(within)
        }
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { names, skipped }
}
const known = new Map<string, ReturnType<typeof namesIn>>()

/** What is wrong with a cell that names tests; undefined where nothing is. */
function wrongIn(cell: string): string | undefined {
  if (cell === '') return 'empty'
  const parts = cell.split('<br>')
  for (const part of parts) {
    const named = /^`([^`›]+) › (.+)`$/.exec(part)
    if (named?.[1] === undefined || named[2] === undefined) return `names no test: ${part}`
    const file = named[1].includes('/')
      ? join(ROOT, `${named[1]}.test.ts`)
      : join(import.meta.dirname, `${named[1]}.test.ts`)
    if (!existsSync(file)) return `no file ${file}`
    if (!known.has(file)) known.set(file, namesIn(file))
    const found = known.get(file)
    if (found?.names.has(named[2]) !== true) return `no such test in ${named[1]}: ${named[2]}`
    if (found.skipped.includes(named[2])) return `skipped in ${named[1]}: ${named[2]}`
  }
  return undefined
}

/** Everything that is wrong with the page. */
function problemsOf(text: string): string[] {
  const problems: string[] = []
  const faults = rowsOf(text, '95 faults')
  const numbers = faults.map((r) => r[0])
  for (let n = 1; n <= 95; n++)
    if (numbers.filter((m) => m === String(n)).length !== 1) problems.push(`fault ${n} is not there once`)
  if (faults.length !== 95) problems.push(`${faults.length} faults`)
  for (const [n = '', words = '', cell = ''] of faults) {
    if (words === '') problems.push(`fault ${n} has no words`)
    if (/^(Windows|macOS)[:,] ?\S/.test(cell)) continue
    const wrong = wrongIn(cell)
    if (wrong !== undefined) problems.push(`fault ${n}: ${wrong}`)
  }
  for (const [heading, wanted, columns] of [
    ['What an answer means', ANSWERS, 1],
    ['What a call means', MEANINGS, 2],
  ] as const) {
    const rows = rowsOf(text, heading)
    if (rows.map((r) => r[0]).join('\n') !== wanted.join('\n')) problems.push(`${heading}: not its rows`)
    for (const [name = '', ...cells] of rows)
      for (let c = 0; c < columns; c++) {
        const wrong = wrongIn(cells[c] ?? '')
        if (wrong !== undefined) problems.push(`${name}: ${wrong}`)
      }
  }
  return problems
}

describe('FAULTS.md', () => {
  it('has every fault and every row, and each test that it names exists', () => {
    expect(problemsOf(TABLE)).toEqual([])
  })
  it('says of two faults only that they need another system', () => {
    const elsewhere = rowsOf(TABLE, '95 faults').filter((r) => /^(Windows|macOS)/.test(r[2] ?? ''))
    expect(elsewhere.map((r) => r[0])).toEqual(['41', '45'])
  })
  it.each([
    ['a missing fault', /^\| 17 .*\n/m, '', 'fault 17 is not there once'],
    ['an empty cell', /^(\| 17 \|.*\| ).* \|$/m, '$1 |', 'fault 17: empty'],
    [
      'a test that is not there',
      /outbox-faults › 1: killed/,
      'outbox-faults › 1: killed never',
      'fault 1: no such test',
    ],
    ['a file that is not there', /`outbox-faults › 1:/, '`outbox-faulty › 1:', 'fault 1: no file'],
    ['words in place of a test', /^(\| 17 \|.*\| ).* \|$/m, '$1by design |', 'fault 17: names no test'],
    ['a row of an answer left out', /^\| 409 on a claim .*\n/m, '', 'What an answer means: not its rows'],
    ['a neighbour left out', /^(\| GET, HEAD: read \|.*\|)[^|]*\|$/m, '$1 |', 'GET, HEAD: read: empty'],
  ])('is found wrong where it is: %s', (_, what, by, said) => {
    const broken = TABLE.replace(what, by)
    expect(broken).not.toBe(TABLE)
    expect(problemsOf(broken).join('\n')).toContain(said)
  })
})
