// Says whether a built part is older than its sources, quickly enough to be asked at each `coord`.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, '')
export const dist = join(root, 'dist')
/** Whether the sources are here. A package that was installed has none: it is what it is, and never built again. */
export const isClone = existsSync(join(root, 'electron/cli.ts'))

/** What each part is made of and what comes out; `entry` is installed last, so that it never names a missing file. */
export const parts = {
  cli: { configs: ['hook', 'cli'], sources: ['electron', 'shared'], out: ['cli'], entry: 'cli/cli.cjs' },
  main: {
    configs: ['main', 'preload'],
    sources: ['electron', 'shared', 'build/icons'],
    out: ['main', 'icons'],
    entry: 'main/main.cjs',
  },
  window: {
    configs: ['window'],
    sources: ['renderer', 'shared'],
    out: ['window'],
    entry: 'window/index.html',
  },
}
const ALWAYS = ['build/vite', 'build/scripts/build.mjs', 'package.json']
const IGNORED = /\.(test|spec)\.tsx?$|^(testing|conformance|node_modules|\..*)$/

function* files(path) {
  const info = statSync(path, { throwIfNoEntry: false })
  if (!info) return
  if (!info.isDirectory()) return void (yield `${path} ${info.mtimeMs} ${info.size}`)
  for (const name of readdirSync(path).sort()) if (!IGNORED.test(name)) yield* files(join(path, name))
}

/** One line that changes whenever a source of the part does: names, times and sizes, so that a deletion counts too. */
export function fingerprint(part) {
  const hash = createHash('sha256')
  for (const source of [...parts[part].sources, ...ALWAYS])
    for (const line of files(join(root, source))) hash.update(line.slice(root.length)).update('\n')
  return hash.digest('hex')
}

export const stampFile = (part) => join(dist, `.stamp-${part}`)
export const entryFile = (part) => join(dist, parts[part].entry)

export function isFresh(part, print) {
  if (!isClone) return existsSync(entryFile(part))
  try {
    return (
      existsSync(entryFile(part)) && readFileSync(stampFile(part), 'utf8') === (print ?? fingerprint(part))
    )
  } catch {
    return false
  }
}
