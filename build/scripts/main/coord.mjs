// `coord` from a clone: builds the terminal's part where it is stale, then runs it in this process.
// stdout carries nothing but the command's result.
import { spawnSync } from 'node:child_process'
import { createRequire, enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { dist, entryFile, isFresh, root } from '../lib/freshness.mjs'
import { isHook } from '../lib/need-node.cjs'

// npm runs scripts in the package's folder; relative paths and "the nearest .claude" are meant from where the person is.
if (process.env.npm_lifecycle_event === 'coord' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
if (!isFresh('cli')) {
  process.stderr.write('coord: building it from its sources, which changed …\n')
  const script = join(root, 'build/scripts/build.mjs')
  const built = spawnSync(process.execPath, [script, '--quiet', '--part', 'cli'], { stdio: ['ignore', 2, 2] })
  if (built.status !== 0) {
    process.stderr.write('coord: the build failed (above)\n')
    process.exit(isHook(process.argv.slice(2)) ? 0 : 1)
  }
}
enableCompileCache(join(dist, '.compile-cache'))
const entry = entryFile('cli')
process.argv[1] = entry
createRequire(import.meta.url)(entry)
