/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print is looked at as it comes */
/** The words of `coord`: pages that are whole, and wrong usage that is named as what it is, before anything is done. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { VERSION } from '../../shared/version.ts'
import { describedProgram } from './program.ts'
import { CLI, place, realApi, type Place, type RealApi } from './testing/coord.ts'
import type { CoordCommand } from './words/command.ts'
import { closest } from './words/closest.ts'
import { TOPICS, VARIABLES } from './words/topics.ts'

const AWAY = 'http://127.0.0.1:9'
let at: Place
beforeEach(() => (at = place(AWAY)))
afterEach(() => at.remove())

const all = (command: CoordCommand): readonly CoordCommand[] => [command, ...command.children.flatMap(all)]
const program = describedProgram()
const withHidden = all(program)
const commands = withHidden.filter((one) => !one.isHidden)
const doing = commands.filter((one) => one.hasAction)

describe('help pages', () => {
  it('are as they were read: a change is looked at', async () => {
    const fence = '```'
    const page = (title: string, text: string): string =>
      `## ${title}\n\n${fence}text\n${text.trimEnd()}\n${fence}\n`
    const pages = [
      ...commands.map((one) => page(one.path, one.helpInformation())),
      ...Object.entries(TOPICS).map(([name, { title, text }]) =>
        page(`coord help ${name}`, `${title}\n\n${text}`),
      ),
    ]
    await expect(['# The help pages\n', ...pages].join('\n')).toMatchFileSnapshot('./testing/help-pages.md')
  })
  it.each(withHidden.map((one) => [one.path, one] as const))('%s: is whole', (path, command) => {
    const page = command.helpInformation()
    expect(page.startsWith(`Usage: ${path}`)).toBe(true)
    for (const option of program.options) expect(page).toContain(option.long)
    const silent = [
      ...command.options.map((one) => [one.flags, one.description]),
      ...command.registeredArguments.map((one) => [one.name(), one.description]),
      [path, command.description()],
    ].filter(([, text]) => !text)
    expect(silent).toEqual([])
    for (const option of command.options.filter((one) => command.isNeeded(one)))
      expect(command.usage()).toContain(option.flags)
    expect(page.split('\n').filter((line) => line.length > 100)).toEqual([])
  })
  it.each(doing.map((one) => [one.path, one] as const))('%s: has examples and exit codes', (path, one) => {
    const page = one.helpInformation()
    expect(one.facts.examples?.length).toBeGreaterThan(0)
    expect(one.facts.examples?.every(({ line }) => line.includes(path))).toBe(true)
    expect(page).toContain('Exit codes')
    expect(one.facts.environment?.every((name) => Object.hasOwn(VARIABLES, name)) ?? true).toBe(true)
  })
  it('topics fit a terminal of 80 columns', () => {
    const long = Object.values(TOPICS).flatMap(({ text }) =>
      text.split('\n').filter((line) => line.length > 80),
    )
    expect(long).toEqual([])
  })
})

describe('help and version as commands', () => {
  it('"help queue list" is the page of that command, "help exit-codes" the topic', async () => {
    const page = await at.coord(['help', 'queue', 'list'])
    expect(page).toMatchObject({ code: 0, stderr: '' })
    expect(page.stdout).toMatch(/^Usage: coord queue list/)
    expect((await at.coord(['queue', 'list', '--help'])).stdout).toBe(page.stdout)
    expect((await at.coord(['help', 'exit-codes'])).stdout).toContain('3  calls wait')
  })
  it.each([
    [['help', 'nosuch'], "unknown command or topic 'nosuch'"],
    [['help', 'queu'], 'Did you mean queue?'],
    [['help', 'exit-code'], 'Did you mean exit-codes?'],
    [['help', 'queue', 'lst'], 'Did you mean list?'],
    [['messages', 'recepts'], 'Did you mean receipts?'],
    [['mcp', 'instal'], 'Did you mean install?'],
    [['sttus'], 'Did you mean status?'],
    [['completion', 'zs'], 'Did you mean zsh?'],
  ])('a word that is none (%j) is an error with a guess, exit 2, nothing on stdout', async (args, words) => {
    const ran = await at.coord(args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(words)
    expect(ran.stderr).toMatch(/^coord: /)
  })
  it.each([['--version'], ['-V'], ['version']])('%s says the version', async (word) => {
    expect(await at.coord([word])).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' })
  })
})

describe('wrong usage: the first mistake is named, in one form, and nothing is done', () => {
  it.each([
    [
      'an unknown option before what is missing',
      ['claim', 'z', '--projct', 'demo'],
      "unknown option '--projct'",
    ],
    ['the missing word, and what it is, before a missing option', ['claim'], 'missing <resource> ('],
    [
      'a missing word of a few: which they are',
      ['completion'],
      'missing <shell> (bash, zsh, fish, powershell)',
    ],
    ['what is missing, all of it', ['send', '--to', 'BOX/a'], 'missing --project <key>, --subject <text>'],
    ['words behind a group', ['messages', 'frob'], "unknown command 'frob'"],
    ['both ways to name', ['release', '--mine', '--session', 'BOX/a'], 'name one'],
    [
      'two bodies',
      ['send', '--to', 'BOX/a', '--project', 'p', '--subject', 's', '--body', 'b', '--body-file', 'f'],
      'not both',
    ],
    ['a limit that is none', ['locks', '--limit', '0'], '--limit is a number'],
    ['an action of another', ['queue', 'list', '--line', '{}'], "unknown option '--line'"],
  ])('%s', async (_what, args, words) => {
    const ran = await at.coord(args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(/^coord: /)
    expect(ran.stderr).toContain(words)
  })
  it.each([
    [['serve', '--port', ''], '--port is empty'],
    [['serve', '--database', ''], '--database is empty'],
    [['serve', '--backup', ' '], '--backup is empty'],
    [['status', '--workspace', ''], '--workspace is empty'],
    [['status', '--session', ''], '--session is empty'],
    [['workflow', 'create', 'demo', ''], '<name> is empty'],
    [['item', 'add', 'W', ''], '<title> is empty'],
    [['item', 'set', 'I', ''], '<status> is empty'],
    [['claim', '', '--project', 'p'], '<resource> is empty'],
    [['release', ''], '<ids> is empty'],
    [['component', 'set', 'p', '', 'x'], '<name> is empty'],
  ])('an empty value is none: %j', async (args, words) => {
    const ran = await at.coord(args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(words)
    expect(at.queue()).toEqual([])
  })
  it('an empty text clears what it stands for', async () => {
    expect((await at.coord(['component', 'set', 'p', 'n', 's', '--notes', ''])).code).toBe(3)
    expect(at.queue()).toMatchObject([{ body: { notes: '' } }])
  })
})

describe('names spelt wrongly would make locks and messages nobody’s', () => {
  it.each([
    [['locks', '--session', 'noslash'], {}, 'MACHINE/NAME, as BOX/noslash'],
    [['locks', '--session', 'bad name/with spaces'], {}, 'a blank'],
    [['locks', '--session', 'BOX/'], {}, 'one of both is empty'],
    [['locks', '--session', '/x'], {}, 'one of both is empty'],
    [['locks', '--session', 'BOX/a\u0007'], {}, 'cannot be seen'],
    // pasted along: it looks like BOX/a, and is another session
    [['locks', '--session', 'BOX/a\u200b'], {}, 'cannot be seen'],
    [['send', '--to', 'BOX/\u202ea', '--project', 'p', '--subject', 's'], {}, 'cannot be seen'],
    [['send', '--to', 'noslash', '--project', 'p', '--subject', 's'], {}, '--to is no name of a session'],
    [['locks'], { COORD_SESSION: 'noslash' }, 'COORD_SESSION is no name of a session'],
    [['locks'], { COORD_MACHINE: 'a/b' }, 'COORD_MACHINE is no name of a machine'],
    [['locks'], { COORD_MACHINE: 'a b' }, 'COORD_MACHINE is no name of a machine'],
  ])('%j %j', async (args, env, words) => {
    const ran = await at.coord(args, { env })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(words)
    expect(at.queue()).toEqual([])
  })
})

describe('wrong settings say where they stand', () => {
  it.each([
    [{ COORD_PORT: 'abc', COORD_API_URL: '' }, 'COORD_PORT is no port: abc'],
    [{ COORD_PORT: '70000', COORD_API_URL: '' }, 'COORD_PORT is no port: 70000'],
    [{ COORD_API_URL: 'notaurl' }, 'COORD_API_URL is no address: notaurl'],
    [{ COORD_API_URL: 'ftp://x' }, 'COORD_API_URL must be http or https'],
  ])('%j', async (env, words) => {
    const ran = await at.coord(['locks'], { env })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(new RegExp(`^coord: ${words}`))
    const doctor = await at.coord(['doctor', '--json'], { env })
    expect(doctor.code).toBe(1)
    expect(doctor.json).toContainEqual(expect.objectContaining({ check: 'setting', ok: false }))
  })
  it('also those of the settings file', async () => {
    writeFileSync(join(at.home, 'settings.json'), '{"apiUrl":"not a url"}')
    const ran = await at.coord(['locks'], { env: { COORD_API_URL: '' } })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(`apiUrl in ${join(at.home, 'settings.json')} is no address`)
    expect((await at.coord(['doctor', '--json'], { env: { COORD_API_URL: '' } })).json).toBeInstanceOf(Array)
  })
})

it.each([[['start', 'extra']], [['bogus']], [[]], [['start', '--what']], [['start', '--session', '']]])(
  'a hook with wrong words %j ends with 0: another code would stop a tool',
  async (words) => {
    expect(await at.coord(['hook', 'run', ...words], { stdin: '{}' })).toMatchObject({ code: 0 })
  },
)

it('guesses what is near, and nothing that is far', () => {
  expect(closest('stauts', ['status', 'send'])).toBe('status')
  expect(closest('sta', ['status', 'start'])).not.toBeNull()
  expect(closest('xyz', ['status', 'send'])).toBeNull()
  expect(closest('a'.repeat(50), ['a'])).toBeNull()
})

describe('the examples of the pages', () => {
  let server: Place
  let api: RealApi
  let program = ''
  beforeAll(async () => {
    program = CLI
    server = place()
    api = await realApi(server)
  })
  afterAll(async () => {
    await api.stop()
    server.remove()
  })
  /** Run until somebody ends them, open a window or an editor: each has a test of its own. */
  const BY_HAND = new Set([
    'coord watch --json',
    'coord serve',
    'coord start',
    'coord queue edit 1.136',
    "coord queue edit 1.136 --line '{…}'",
    // a team's: with its server's own database
    'coord serve --host 0.0.0.0 --tls-cert c.pem --tls-key k.pem --database mariadb://coord@db/coord',
    'coord token revoke BOX',
    'coord join https://coord.example',
  ])

  it.each(
    doing.flatMap((command) =>
      (command.facts.examples ?? [])
        .filter(({ line }) => !BY_HAND.has(line))
        .map(({ line }) => [line, Object.keys(command.facts.exits ?? {}).map(Number)] as const),
    ),
  )('%s', async (line, exits) => {
    at.env['COORD_API_URL'] = api.url
    const text = await seed(at, server, program, line)
    const run = `coord() { '${process.execPath}' '${program}' "$@"; }\n${text}`
    const ran = spawnSync('bash', ['-c', run], {
      cwd: at.project,
      env: { ...at.env, VISUAL: 'true' },
      encoding: 'utf8',
      input: '',
    })
    expect([0, ...exits], ran.stderr).toContain(ran.status)
  })
})

/** What the example speaks of, under the IDs that it has here; gives the line with them. */
async function seed(at: Place, server: Place, program: string, line: string): Promise<string> {
  execFileSync('git', ['init', '-q'], { cwd: at.project })
  mkdirSync(join(at.root, 'other', '.claude'), { recursive: true })
  if (line.includes('--backup')) cpSync(join(server.root, 'api.db'), join(at.home, 'coord.db'))
  const run = async (...args: string[]): Promise<any> =>
    (await at.coord([...args, '--json'], { program })).json
  const idOf = async (...args: string[]): Promise<string> => String((await run(...args)).id).slice(0, 8)
  const found: Record<string, () => Promise<string>> = {
    '3f2a9c1e': () => idOf('claim', at.root, '--project', 'demo'),
    '7c4d1b22': () => idOf('send', '--to', 'BOX/coord', '--project', 'demo', '--subject', 's'),
    '9b1c44d0': () => idOf('workflow', 'create', 'demo', 'w'),
    '5e0f7a31': async () => idOf('item', 'add', await idOf('workflow', 'create', 'demo', 'w'), 't'),
    async '1.136'() {
      await run('enqueue', 'PATCH', '/api/coord/work-items/x', '--body', '{"status":5}')
      await run('flush')
      expect(await run('queue', 'list')).toHaveLength(1)
      return '1.0'
    },
  }
  let text = line
  for (const [example, make] of Object.entries(found))
    if (line.includes(example)) text = text.replaceAll(example, await make())
  return text
}
