/** `coord mcp install|show|remove`: our server in a project's `.mcp.json`. */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { real } from '../../adapters/places.ts'
import { nearestWorkspace, workTreeTop, type Context } from '../context.ts'
import { EXIT, usage, type ExitCode } from '../exit.ts'
import { notTaken, ownAppCoord } from '../../adapters/hook-command.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import { result } from '../output.ts'
import { parseSettings, printSettings, withValue } from '../../adapters/hook-settings.ts'
import { MCP_FILES, sayForGit } from './for-git.ts'
import { installInto, removeFrom, textAt, type InstallFlags, type Removed } from './tool-file.ts'

const NAME = 'coord'

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

interface ServerEntry {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Ours by its name and by what it runs: somebody else's server may have the name, too. */
function oursIn(text: string): ServerEntry | undefined {
  const servers = parseSettings(text)?.['mcpServers']
  const entry = isObject(servers) ? servers[NAME] : undefined
  if (!isObject(entry) || typeof entry['command'] !== 'string' || !Array.isArray(entry['args']))
    return undefined
  const args = (entry['args'] as readonly unknown[]).map(String)
  const env = isObject(entry['env']) ? { env: entry['env'] as Readonly<Record<string, string>> } : {}
  return args.at(-1) === 'mcp' ? { command: entry['command'], args, ...env } : undefined
}

/** Our server in the text of a `.mcp.json`; null where there is none. */
export const installedServer = (text: string): ServerEntry | null => oursIn(text) ?? null

function withServer(text: string, entry: ServerEntry): string | undefined {
  const settings = parseSettings(text)
  const servers = settings?.['mcpServers'] ?? {}
  if (!settings || !isObject(servers) || (servers[NAME] !== undefined && !oursIn(text))) return undefined
  // variables that a person added to ours stay
  const env = { ...oursIn(text)?.env, ...entry.env }
  return withValue(text, ['mcpServers', NAME], {
    command: entry.command,
    args: entry.args,
    ...(Object.keys(env).length > 0 ? { env } : {}),
  })
}

function withoutServer(text: string): string | undefined {
  const settings = parseSettings(text)
  const servers = settings?.['mcpServers']
  if (!settings || !isObject(servers)) return undefined
  const { [NAME]: _ours, ...others } = servers
  const { mcpServers: _all, ...rest } = settings
  return printSettings(Object.keys(others).length > 0 ? { ...settings, mcpServers: others } : rest, text)
}

/** What the installing shell had set for the API, as the hooks take it along: else the server would ask another one. */
function envOf(context: Context): Pick<ServerEntry, 'env'> {
  const taken = ['COORD_API_URL', 'COORD_PORT', 'COORD_MACHINE'].map((name) => [
    name,
    process.env[name] ?? '',
  ])
  const all = [['COORD_HOME', process.env['COORD_HOME'] ? context.home : ''], ...taken]
  const set = all.filter(([, value]) => value !== '')
  return set.length > 0 ? { env: Object.fromEntries(set) as Record<string, string> } : {}
}

/** How this very program is started again. */
function entryOf(context: Context): ServerEntry {
  const env = envOf(context)
  const app = ownAppCoord()
  const session = context.givenSession === null ? [] : ['--session', context.givenSession]
  if (app !== null) return { command: app[0], args: [...app.slice(1), ...session, 'mcp'], ...env }
  return { command: process.execPath, args: [realpathSync(process.argv[1] ?? ''), ...session, 'mcp'], ...env }
}

function fileOf(context: Context): { readonly workspace: string; readonly file: string } {
  if (context.givenWorkspaces.length > 1) throw usage('name one --workspace only')
  const workspace =
    context.givenWorkspaces[0] ??
    nearestWorkspace(context.cwd) ??
    workTreeTop(context.cwd) ??
    real(context.cwd)
  return { workspace, file: join(workspace, '.mcp.json') }
}

export async function installMcp(context: Context, flags: InstallFlags): Promise<ExitCode> {
  const { workspace, file } = fileOf(context)
  const server = entryOf(context)
  const place = { home: context.home, file, flags, warning: notTaken(process.env) }
  const done = await installInto(place, (text) => withServer(text, server))
  if (done === 'dry') {
    await result({ installed: false, file, server }, `Nothing was written: ${file}`)
    return EXIT.done
  }
  rememberWorkspace(context, workspace)
  const how = done === 'already' ? 'already installed' : 'installed'
  await result({ installed: true, file, server }, `The MCP server "${NAME}" is ${how} in ${file}`)
  sayForGit(workspace, MCP_FILES)
  return EXIT.done
}

export async function removeMcp(context: Context, flags: InstallFlags): Promise<ExitCode> {
  const { file } = fileOf(context)
  const place = { home: context.home, file, flags }
  const done = removeFrom(place, (text) => oursIn(text) !== undefined, withoutServer)
  await result({ removed: done === 'removed', file }, `${REMOVED[done]} ${file}`)
  return EXIT.done
}
const REMOVED: Readonly<Record<Removed, string>> = {
  removed: 'The MCP server is removed from',
  nothing: 'No MCP server of ours in',
  dry: 'Nothing was written:',
}

export async function showMcp(context: Context): Promise<ExitCode> {
  const { file } = fileOf(context)
  const server = oursIn(textAt(file)) ?? null
  await result({ installed: server !== null, file, server }, () =>
    server === null
      ? `No MCP server of ours in ${file}`
      : `${file}\n  ${[server.command, ...server.args].join(' ')}`,
  )
  return EXIT.done
}
