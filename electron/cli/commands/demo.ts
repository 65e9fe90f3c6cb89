/** `coord demo`: the whole story with the real commands, in a temporary folder and on 127.0.0.1 only. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT, failure, type ExitCode } from '../exit.ts'
import { isJson, result, say } from '../output.ts'

interface Step {
  readonly says: string
  readonly command: string
  readonly stdout: string
  readonly code: number
  readonly isAsExpected: boolean
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

export async function demo(): Promise<ExitCode> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coord-demo-')))
  const project = join(folder, 'project')
  mkdirSync(join(project, '.claude'), { recursive: true })
  const port = await freePort()
  const { COORD_TOKEN: _token, COORD_SESSION: _session, COORD_WORKSPACES: _workspaces, ...rest } = process.env
  const env = {
    ...rest,
    COORD_HOME: join(folder, 'home'),
    COORD_API_URL: `http://127.0.0.1:${port}`,
    COORD_MACHINE: 'DEMO',
    npm_lifecycle_event: '',
  }
  const script = process.argv[1] ?? ''
  const start = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [...process.execArgv, script, ...args], {
      cwd: project,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
  const steps: Step[] = []
  const step = async (says: string, args: readonly string[], expected: number): Promise<void> => {
    const command = ['coord', ...args.map((a) => (/[\s{]/.test(a) ? `'${a}'` : a))].join(' ')
    // first what is done: what it says on stderr comes while it runs
    await say(`\n# ${says}\n$ ${command}`)
    const child = start(args)
    child.stdin?.end()
    let stdout = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    const code = await new Promise<number>((resolve, reject) => {
      child.once('close', (c) => resolve(c ?? 1))
      child.once('error', reject)
    })
    steps.push({ says, command, stdout: stdout.trimEnd(), code, isAsExpected: code === expected })
    const shown = [stdout.trimEnd(), code === 0 ? '' : `(exit ${code})`].filter((text) => text !== '')
    if (shown.length > 0) await say(shown.join('\n'))
  }

  let api: ChildProcess | undefined
  try {
    await say(`A story in ${folder}`)
    await step(
      'The API is away: a session queues what it would have said.',
      [
        'enqueue',
        'PUT',
        '/api/coord/components/demo/server',
        '--body',
        '{"state":"deployed","version":"1.0","updated_by":"DEMO/one"}',
      ],
      0,
    )
    await step(
      'A live call does not fail either: it is queued.',
      [
        'send',
        '--session',
        'DEMO/one',
        '--to',
        'DEMO/two',
        '--project',
        'demo',
        '--subject',
        'Ready for wiring',
      ],
      3,
    )
    await step('Nothing is lost; two calls wait.', ['flush', '--wait', '0'], 3)
    api = start(['serve', '--port', String(port), '--until-stdin-closes'])
    await listening(api)
    await step('The API is there: they arrive, in order.', ['flush'], 0)
    await step(
      'Two claims a resource lock …',
      ['claim', 'server/src/api.rs', '--project', 'demo', '--session', 'DEMO/two'],
      0,
    )
    await step(
      '… which one cannot have now.',
      ['claim', 'server/src/api.rs', '--project', 'demo', '--session', 'DEMO/one'],
      1,
    )
    await step('Two has a message.', ['messages', '--session', 'DEMO/two'], 0)
    await step('Two is done and releases all it holds.', ['release', '--session', 'DEMO/two'], 0)
    await step('Where things stand.', ['status'], 0)
  } finally {
    if (api) {
      const ended = new Promise((resolve) => api?.once('exit', resolve))
      api.stdin?.end()
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
  const isWell = steps.every((s) => s.isAsExpected)
  if (isJson()) await result({ steps }, '')
  else
    await say(
      isWell ? '\nThat was the story. The folder is gone again.' : '\nThe story did not go as it should.',
    )
  return isWell ? EXIT.done : EXIT.failed
}

function listening(api: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failure('the API did not start within 15 s')), 15_000)
    api.once('exit', () => reject(failure('the API did not start')))
    api.stdout?.once('data', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
