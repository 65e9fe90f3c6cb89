// Builds before something runs what is built: where it is fresh, that costs a look.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './freshness.mjs'

/** `parts`: of `cli`, `main`, `window`; all where none is named. Throws where one cannot be built, which the build itself says. */
export function buildParts(...parts) {
  const args = parts.flatMap((part) => ['--part', part])
  execFileSync(process.execPath, [join(root, 'build/scripts/build.mjs'), '--quiet', ...args], {
    stdio: 'inherit',
  })
}
