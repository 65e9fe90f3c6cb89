/** A process of its own that takes a folder, as another front does. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Place } from './place.ts'

const OWNER = join(import.meta.dirname, '..', 'ownership', 'owner.ts')

/** It says on its stdout what it got, and then does `then`, where `o` is its owner port. */
export function processThatTakes(at: Place, then: string) {
  const script = `import(${JSON.stringify(OWNER)}).then(async (m) => {
    const [dir, home, parent] = process.argv.slice(1)
    const o = m.createOwner({ home, baseUrl: 'http://x' })
    console.log((await o.acquire(dir, parent, async () => ({ ok: true, value: 1 }))).kind)
    ${then}
  })`
  const args = ['-e', script, at.dir, at.home, join(at.workspace, '.claude')]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Until it is killed. */
export const GOES_ON = 'setInterval(() => undefined, 1000)'
