/** Before the first unit test: what runs `coord` as a process runs the built one, which must be of these sources. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export default function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '..', 'build.mjs'), '--part', 'cli', '--quiet'], {
    stdio: 'inherit',
  })
}
