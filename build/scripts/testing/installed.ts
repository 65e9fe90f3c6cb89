/** The package from `npm pack`, installed as a stranger installs it: into a prefix of its own, without a network. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../../..')

export interface Installed {
  readonly temp: string
  readonly tarball: string
  readonly prefix: string
  /** Away from everything of this person's. */
  readonly env: NodeJS.ProcessEnv
  remove(): void
}

/** Runs npm to its end; throws what it said where that was no good one. */
export function npm(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`)
  return stdout
}

export function packAndInstall(name: string): Installed {
  const temp = mkdtempSync(join(tmpdir(), `coord-${name}-`))
  const prefix = join(temp, 'prefix')
  const home = join(temp, 'home')
  mkdirSync(home)
  npm(['pack', '--silent', '--pack-destination', temp], ROOT)
  const tarball = join(temp, readdirSync(temp).find((file) => file.endsWith('.tgz')) ?? '')
  // offline: whatever it would fetch is a dependency that is bundled already
  npm(['install', '--global', '--offline', '--prefix', prefix, tarball], temp)
  return {
    temp,
    tarball,
    prefix,
    env: {
      PATH: `${join(prefix, 'bin')}:/usr/bin:/bin`,
      HOME: home,
      COORD_HOME: join(home, 'coord'),
      COORD_PORT: '0',
      // opens nothing on this desktop
      BROWSER: 'true',
    },
    remove: () => rmSync(temp, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  }
}
