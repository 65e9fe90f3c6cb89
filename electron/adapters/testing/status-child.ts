/** What the real `coord status --json` says of a workspace, run as a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Call } from '../../../shared/call.ts'
import type { Place } from './place.ts'

export interface StatusRows {
  readonly waiting: number
  readonly setAside: readonly Call[]
  readonly skipped: readonly Call[]
}

export async function coordStatus(at: Place, url: string): Promise<StatusRows> {
  const cli = join(import.meta.dirname, '..', '..', 'cli.ts')
  const child = spawn(process.execPath, [cli, 'status', '--json', '--workspace', at.workspace], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: at.root,
      COORD_HOME: at.home,
      COORD_MACHINE: 'BOX',
      COORD_API_URL: url,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (c: string) => (out += c))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`coord status ended with ${code}`)
  const shown = JSON.parse(out) as { workspaces: (StatusRows & { path: string })[] }
  const row = shown.workspaces.find((w) => w.path === at.workspace)
  if (!row) throw new Error(`no such workspace in ${out.slice(0, 200)}`)
  return row
}
