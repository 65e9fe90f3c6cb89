// A tool from npm that is no part of the project: at one version, in the cache folder, without its install scripts.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder of the package. */
export function npmTool(name, version) {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coord-electron')
  const dir = join(cache, `${name.replace(/^.*\//, '')}-${version}`)
  if (!existsSync(dir)) {
    mkdirSync(cache, { recursive: true })
    const next = mkdtempSync(join(cache, 'tmp-'))
    const flags = ['--prefix', next, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    execFileSync('npm', ['i', ...flags, `${name}@${version}`], { stdio: ['ignore', 2, 2] })
    renameSync(next, dir)
  }
  return join(dir, 'node_modules', name)
}
