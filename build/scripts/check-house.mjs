#!/usr/bin/env node
// The rules of the house that neither the compiler nor the linter sees: no circle of imports, no long file or function in
// core, no comment that cites a paper which is not in the repository. Parts of `npm run check`.
//
// The TypeScript that is here anyway reads the files, so this needs no package of its own and takes a second.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

const MOST_LINES_OF_FILE = 300
/** Lines of a function without those of the functions inside it: a factory is as long as what it does itself. */
const MOST_LINES_OF_FUNCTION = 60

const PAPERS =
  /\bDESIGN(?:\.md|\b[ ,])|\bPROTOCOL(?:\.md|\b[ ,:)'])|\bguide\/|\bhouse (?:style|rule)s? [A-Z]?\d/

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(path))
const sources = tracked.filter((path) => /\.tsx?$/.test(path))
const isTest = (path) => /\.(test|spec)\.tsx?$|\/testing\//.test(path)
const textOf = new Map(sources.map((path) => [path, readFileSync(path, 'utf8')]))

/** What a file imports of ours, types too: a type that two files take from each other ties them as well. */
const importsOf = (path) =>
  ts
    .preProcessFile(textOf.get(path), true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => join(dirname(path), fileName))
    .filter((target) => textOf.has(target))

/** Each circle of imports, as the way round (depth first, each edge once). */
function circles() {
  const found = []
  const state = new Map()
  const way = []
  const visit = (path) => {
    state.set(path, 'open')
    way.push(path)
    for (const target of importsOf(path)) {
      if (state.get(target) === 'open') found.push([...way.slice(way.indexOf(target)), target])
      else if (!state.has(target)) visit(target)
    }
    way.pop()
    state.set(path, 'done')
  }
  for (const path of sources) if (!state.has(path)) visit(path)
  return found
}

const nameOf = (node) => node.name?.getText() ?? node.parent?.name?.getText?.() ?? 'a function'

/** The functions of a file that are too long. */
function* longFunctions(path) {
  const file = ts.createSourceFile(path, textOf.get(path), ts.ScriptTarget.Latest, true)
  const lineAt = (position) => file.getLineAndCharacterOfPosition(position).line
  const linesOf = (node) => lineAt(node.end) - lineAt(node.getStart(file)) + 1
  const long = []
  /** Visits a node; gives the lines of the functions in it. */
  const visit = (node) => {
    let inner = 0
    node.forEachChild((child) => void (inner += visit(child)))
    if (!ts.isFunctionLike(node) || !node.body) return inner
    const own = linesOf(node) - inner
    if (own > MOST_LINES_OF_FUNCTION)
      long.push(`${path}:${lineAt(node.getStart(file)) + 1} ${nameOf(node)}: ${own}`)
    return linesOf(node) > 1 ? linesOf(node) : 0
  }
  visit(file)
  yield* long
}

const faults = []
for (const way of circles()) faults.push(`a circle of imports: ${way.join(' → ')}`)
for (const path of sources.filter((p) => p.startsWith('electron/core/') && !isTest(p))) {
  const lines = textOf.get(path).trimEnd().split('\n').length
  const long = [...longFunctions(path)].map(
    (text) => `a function of over ${MOST_LINES_OF_FUNCTION} lines: ${text}`,
  )
  if (lines > MOST_LINES_OF_FILE) long.push(`a file of over ${MOST_LINES_OF_FILE} lines: ${path}: ${lines}`)
  faults.push(...long)
}
for (const path of tracked.filter(
  (p) => /\.(tsx?|[cm]?js|md|json|css|html|sql)$/.test(p) && p !== 'package-lock.json',
)) {
  if (path.endsWith('check-house.mjs')) continue
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((line, i) => {
      if (PAPERS.test(line)) faults.push(`cites a paper that is not here: ${path}:${i + 1}: ${line.trim()}`)
    })
}
for (const fault of faults) process.stderr.write(`house: ${fault}\n`)
process.exitCode = faults.length > 0 ? 1 : 0
