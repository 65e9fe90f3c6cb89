/** `coord doctor`: looks at each thing that must be in place, says what it found and what to do. Changes nothing. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { librariesFinding } from '../../../shared/system-libraries.ts'
import { findMissingLibraries, readDistribution } from '../../adapters/system-libraries.ts'
import { checkEndpoints, type AskApi } from '../../core/coord/check-endpoints.ts'
import { nearestWorkspace, workspacesOf, THIS_APP, type Context } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { readJson } from '../../../shared/json.ts'
import { openLive } from '../live.ts'
import { result } from '../output.ts'
import { checkHooks } from './doctor-hooks.ts'

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
  /** What to do; null where nothing is to be done. */
  readonly fix: string | null
}

export async function doctor(context: Context): Promise<ExitCode> {
  const findings: Finding[] = []
  const found = (check: string, ok: boolean, detail: string, fix: string | null = null): void => {
    findings.push({ check, ok, detail, fix: ok ? null : fix })
  }

  const [major = 0] = process.versions.node.split('.').map(Number)
  found('Node', major >= 22, process.versions.node, 'Put Node 24 first on the path.')
  try {
    mkdirSync(context.home, { recursive: true, mode: 0o700 })
    const probe = join(context.home, `.doctor-${process.pid}`)
    writeFileSync(probe, 'x')
    rmSync(probe)
    found('data folder', true, context.home)
  } catch (error) {
    found(
      'data folder',
      false,
      error instanceof Error ? error.message : String(error),
      'Make it writable, or set COORD_HOME to a folder that is.',
    )
  }
  found(
    'settings',
    settingsParse(context.home),
    join(context.home, 'settings.json'),
    'Repair the file, or move it away: the defaults apply then.',
  )
  if (process.platform === 'linux') await checkLibraries(found)
  found('this machine', true, `${context.machine.name}; acting as ${context.session}`)

  for (const { path, name } of workspacesOf(context)) {
    if (name === THIS_APP) continue
    const folder = join(path, '.claude')
    try {
      if (existsSync(folder)) accessSync(folder, constants.W_OK | constants.R_OK)
      else if (!statSync(path).isDirectory()) throw new Error('no folder')
      found(`workspace ${name}`, true, path)
    } catch (error) {
      found(
        `workspace ${name}`,
        false,
        error instanceof Error ? error.message : String(error),
        `Make ${folder} readable and writable, or take it out of the workspaces.`,
      )
    }
  }

  const live = openLive(context, { timeoutMs: 3000 })
  try {
    const why = await live.ready()
    found(
      'coordination API',
      why === undefined,
      why ?? `${context.baseUrl} answers`,
      context.isEmbedded
        ? 'Start it: "coord start" or "coord serve".'
        : 'Look at COORD_API_URL and at the server; calls wait in the queues meanwhile.',
    )
    if (why === undefined) {
      const ask: AskApi = async (path) => {
        const answer = await live.connection.get(path)
        return answer.kind === 'answer'
          ? { kind: 'answer', status: answer.status, json: readJson(answer.text) }
          : { kind: 'away', detail: answer.detail }
      }
      for (const one of await checkEndpoints(ask)) found(one.check, one.isWell !== false, one.detail, one.fix)
    }
  } finally {
    live.close()
  }

  const here = nearestWorkspace(context.cwd)
  if (here !== null)
    for (const one of checkHooks(here, context.home, Date.now()))
      found(one.check, one.ok, one.detail, one.fix)

  const isWell = findings.every((f) => f.ok)
  await result(findings, () =>
    [
      ...findings.map(
        (f) => `${f.ok ? 'ok  ' : 'BAD '} ${f.check}: ${f.detail}${f.fix ? `\n     ${f.fix}` : ''}`,
      ),
      isWell ? 'Everything is in place.' : 'Something needs you; see the lines with BAD.',
    ].join('\n'),
  )
  return isWell ? EXIT.done : EXIT.failed
}

type Found = (check: string, ok: boolean, detail: string, fix: string | null) => void

/** Only the tray app needs them: on a machine without a display nobody misses one. */
async function checkLibraries(found: Found): Promise<void> {
  const { check, isWell, detail, fix } = librariesFinding(await findMissingLibraries(), readDistribution())
  const hasDisplay = Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'])
  found(
    check,
    isWell !== false || !hasDisplay,
    isWell === false && !hasDisplay ? `${detail}; only the tray app needs that` : detail,
    fix,
  )
}

function settingsParse(home: string): boolean {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8'))
    return typeof parsed === 'object' && parsed !== null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
