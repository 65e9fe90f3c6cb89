/**
 * The command that a tool's settings hold. It is one that sh, PowerShell and cmd all run (a bare first word, arguments in
 * double quotes), and what it runs never fails a tool: a small launcher in `COORD_HOME` that says in one line what is wrong.
 */
import { existsSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { appImageOf } from '../../shared/app-image.ts'
import type { HookEvent } from '../core/sessions/hook-events.ts'
import { makeFolder } from './make-folder.ts'

/** Tells our commands from everybody else's. */
export const MARK = '--coord-hook'

const PLAIN = /^[\w@%+=:,./~-]+$/

/** An argument, as all three shells read it. */
function argument(text: string, platform: NodeJS.Platform): string {
  if (PLAIN.test(text) || (platform === 'win32' && /^[\w@%+=:,./~\\-]+$/.test(text))) return text
  return `"${text.replace(/(["\\$`])/g, platform === 'win32' ? '$1' : '\\$1')}"`
}

export const launcherFile = (home: string): string => join(home, 'hooks', 'run.cjs')

/** Old JavaScript on purpose: whichever Node comes to run it must get as far as its sentence. */
const launcher = (
  target: string,
): string => `// Written by "coord hook install". Runs the hooks of Coord Tray, and fails no tool.
'use strict'
var target = ${JSON.stringify(target)}
try {
  if (parseInt(process.versions.node, 10) < 22) throw new Error('Node 22.22 or newer is needed, this is ' + process.versions.node)
  require('fs').accessSync(target)
  process.argv[1] = target
  // compiled once, and not at each edit
  var node = require('module')
  if (node.enableCompileCache) node.enableCompileCache(require('path').join(__dirname, 'compiled'))
  require(target)
} catch (error) {
  process.stderr.write('coord: the hooks cannot run: ' + error.message + '. "coord hook install" mends it.\\n')
}
`

/** The hooks' program beside the one that runs now, in a clone or in a package; undefined where it is not there. */
export function hookProgram(running = realpathSync(process.argv[1] ?? '')): string | undefined {
  const folder = dirname(running)
  return [
    join(folder, 'hook.cjs'),
    join(folder, '..', '..', 'dist', 'cli', 'hook.cjs'),
    join(folder, 'hook.ts'),
  ].find(existsSync)
}

/** Writes the launcher in one step; a hook may run it at any moment. */
export function writeLauncher(home: string, target: string): void {
  const file = launcherFile(home)
  makeFolder(dirname(file), 0o700)
  writeFileSync(`${file}.${process.pid}`, launcher(target), { mode: 0o600 })
  renameSync(`${file}.${process.pid}`, file)
}

/** For whom hooks are installed. */
export interface HookOwner {
  /** `COORD_HOME` */
  readonly home: string
  /** The name that the sessions are to have; null: one is made for each. */
  readonly givenSession: string | null
}

export interface CommandFacts {
  readonly platform: NodeJS.Platform
  /** The Node that runs now. */
  readonly execPath: string
  /** In an installed app: what runs its own `coord`, word by word; else null. */
  readonly appCoord: readonly [string, ...string[]] | null
  readonly env: NodeJS.ProcessEnv
}

/** The first words: what runs the hooks. */
function runner(owner: HookOwner, facts: CommandFacts): readonly string[] {
  const { platform, appCoord, execPath } = facts
  // a first word in quotes is no command to PowerShell: there it must be found on the path
  const first = (path: string, bare: string): string =>
    platform === 'win32' && !/^[\w@%+=:,./~\\-]+$/.test(path) ? bare : argument(path, platform)
  if (appCoord !== null) {
    const [program, ...words] = appCoord
    return [first(program, 'coord'), ...words, 'hook', 'run']
  }
  return [first(execPath, 'node'), argument(launcherFile(owner.home), platform), 'hook', 'run']
}

/** The command for one event. What the shell of the installation had set for the API is taken into it. */
export function hookCommand(owner: HookOwner, event: HookEvent, facts: CommandFacts): string {
  const { env, platform } = facts
  const option = (name: string, value: string | null | undefined): readonly string[] =>
    value ? [name, argument(value, platform)] : []
  return [
    ...runner(owner, facts),
    event,
    ...option('--session', owner.givenSession),
    ...option('--home', env['COORD_HOME'] ? owner.home : null),
    ...option('--url', env['COORD_API_URL']),
    ...option('--port', env['COORD_PORT']),
    ...option('--machine', env['COORD_MACHINE']),
    MARK,
  ].join(' ')
}

/** What tells whether this process is of an installed app, and where that is. */
export interface AppPlace {
  readonly versions: Readonly<Partial<Record<string, string>>>
  readonly execPath: string
  /** The program that runs in it (`process.argv[1]`). */
  readonly script: string
  readonly platform: NodeJS.Platform
  readonly env: NodeJS.ProcessEnv
}

/** What runs the `coord` of an installed app, where this process is one; as words. */
export function appCoordOf({
  versions,
  execPath,
  script,
  platform,
  env,
}: AppPlace): readonly [string, ...string[]] | null {
  const image = appImageOf(env, script)
  if (image !== null) return [image, 'coord']
  if (!('electron' in versions)) return null
  const folder = dirname(execPath)
  if (platform === 'win32') return [join(folder, 'bin', 'coord.cmd')]
  return [platform === 'darwin' ? join(folder, '..', 'Resources', 'bin', 'coord') : join(folder, 'coord')]
}

/** The same for the process that runs now. */
export const ownAppCoord = (): readonly [string, ...string[]] | null =>
  appCoordOf({
    versions: process.versions,
    execPath: process.execPath,
    script: process.argv[1] ?? '',
    platform: process.platform,
    env: process.env,
  })

/** What the environment of the installation says that hooks and server will not have: a token is never written down. */
export const notTaken = (env: NodeJS.ProcessEnv): string | null =>
  env['COORD_TOKEN'] ? 'COORD_TOKEN is not written down: set it where the tool is started, too.' : null
