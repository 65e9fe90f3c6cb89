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

/** A step of the story: what it shows, the command, the exit code that belongs to it. */
type Told = readonly [says: string, args: readonly string[], expected: number]

const AWAY: readonly Told[] = [
  [
    'The API is away: a session queues what it would have said.',
    [
      ...['enqueue', 'PUT', '/api/coord/components/demo/server', '--body'],
      '{"state":"deployed","version":"1.0","updated_by":"DEMO/one"}',
    ],
    0,
  ],
  [
    'A live call does not fail either: it is queued.',
    [
      ...['send', '--session', 'DEMO/one', '--to', 'DEMO/two', '--project', 'demo'],
      ...['--subject', 'Ready for wiring'],
    ],
    3,
  ],
  ['Nothing is lost; two calls wait.', ['flush', '--wait', '0'], 3],
]
const claim = ['claim', 'server/src/api.rs', '--project', 'demo', '--session']
const THERE: readonly Told[] = [
  ['The API is there: they arrive, in order.', ['flush'], 0],
  ['Two claims a resource lock …', [...claim, 'DEMO/two'], 0],
  ['… which one cannot have now.', [...claim, 'DEMO/one'], 1],
  ['Two has a message.', ['messages', '--session', 'DEMO/two'], 0],
  ['Two is done and releases all it holds.', ['release', '--session', 'DEMO/two'], 0],
  ['Where things stand.', ['status'], 0],
]

export async function demo(): Promise<ExitCode> {
  // short: the table of the queues shows it, and should fit a terminal
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coord-')))
  const port = await freePort()
  const start = starterIn(folder, port)
  const steps: Step[] = []
  let api: ChildProcess | undefined
  try {
    await say(`A story in ${folder}`)
    for (const told of AWAY) steps.push(await play(start, told))
    api = start(['serve', '--port', String(port), '--until-stdin-closes'])
    await listening(api)
    for (const told of THERE) steps.push(await play(start, told))
  } finally {
    if (api) await end(api)
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

type Start = (args: readonly string[]) => ChildProcess

/** Starts this very program in a project of the folder's, with nothing of this person's around it. */
function starterIn(folder: string, port: number): Start {
  const project = join(folder, 'project')
  mkdirSync(join(project, '.claude'), { recursive: true })
  const { COORD_TOKEN: _token, COORD_SESSION: _session, COORD_WORKSPACES: _workspaces, ...rest } = process.env
  const env = {
    ...rest,
    COORD_HOME: join(folder, 'home'),
    COORD_API_URL: `http://127.0.0.1:${port}`,
    COORD_MACHINE: 'DEMO',
    npm_lifecycle_event: '',
  }
  const script = process.argv[1] ?? ''
  return (args) =>
    spawn(process.execPath, [...process.execArgv, script, ...args], {
      cwd: project,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
}

/** Runs one step, and shows it as a person would have seen it. */
async function play(start: Start, [says, args, expected]: Told): Promise<Step> {
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
  const shown = [stdout.trimEnd(), code === 0 ? '' : `(exit ${code})`].filter((text) => text !== '')
  if (shown.length > 0) await say(shown.join('\n'))
  return { says, command, stdout: stdout.trimEnd(), code, isAsExpected: code === expected }
}

async function end(api: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => api.once('exit', resolve))
  api.stdin?.end()
  await ended
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
