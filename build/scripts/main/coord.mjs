// `coord` from a clone or from the installed package: in a clone it builds the terminal's part where that is stale. Then it
// runs it in this process. stdout carries nothing but the command's result.
import { spawnSync } from 'node:child_process'
import { createRequire, enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { dist, entryFile, isClone, isFresh, root } from '../lib/freshness.mjs'
import { isHook } from '../lib/need-node.cjs'

const fail = (text) => {
  process.stderr.write(`coord: ${text}\n`)
  process.exit(isHook(process.argv.slice(2)) ? 0 : 1)
}

// npm runs scripts in the package's folder; relative paths and "the nearest .claude" are meant from where the person is.
if (process.env.npm_lifecycle_event === 'coord' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
if (!isFresh('cli')) {
  if (!isClone) fail(`this installation is not whole (${root}): install it again`)
  process.stderr.write('coord: building it from its sources, which changed …\n')
  const script = join(root, 'build/scripts/build.mjs')
  const built = spawnSync(process.execPath, [script, '--quiet', '--part', 'cli'], { stdio: ['ignore', 2, 2] })
  if (built.status !== 0) fail('the build failed (above)')
}
// What is installed may belong to root, and a folder that everybody may write is no place for code that is run.
const caches = process.env.XDG_CACHE_HOME || process.env.LOCALAPPDATA || join(homedir(), '.cache')
enableCompileCache(isClone ? join(dist, '.compile-cache') : join(caches, 'coord-tray', 'compiled'))
const entry = entryFile('cli')
process.argv[1] = entry
createRequire(import.meta.url)(entry)
