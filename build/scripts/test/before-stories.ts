/** Before the first story: all that stories run is built once, of these sources, and by nobody while others run it. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export default function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '..', 'build.mjs'), '--quiet'], {
    stdio: 'inherit',
  })
}
