/** `coord flush` in a process of its own: a long backlog goes on being sent when the hook has ended. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { homeFault } from '../../adapters/home-fault.ts'
import { homeFolder } from '../../adapters/places.ts'

/** The terminal program beside the one that runs now. */
function terminalProgram(): string {
  const own = process.argv[1] ?? ''
  if (basename(own, extname(own)) !== 'hook') return own
  const beside = join(dirname(own), `cli${extname(own)}`)
  return existsSync(beside) ? beside : own
}

/** `coord` refuses a data folder that can be none; what waits in a project goes out from the person's own then. */
const envOfFlush = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  homeFault(homeFolder(env)) === null ? env : { ...env, COORD_HOME: undefined }

/** Begins to flush these workspaces and waits for it at most `waitMs`. Nothing is thrown. */
export async function flushBehind(workspaces: readonly string[], waitMs: number): Promise<void> {
  const first = workspaces[0]
  if (first === undefined) return
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv,
      terminalProgram(),
      'flush',
      '--wait',
      '0',
      '--json',
      ...workspaces.flatMap((folder) => ['--workspace', folder]),
    ],
    { stdio: 'ignore', detached: true, windowsHide: true, cwd: first, env: envOfFlush(process.env) },
  )
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, waitMs))
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  child.unref()
}
