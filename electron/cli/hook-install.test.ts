/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print is looked at as it comes */
/** What the installation writes: whose it is, that it runs wherever it is run, and that it fails no tool. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Context } from './context.ts'
import { appCoordOf, hookCommand, launcherFile, writeLauncher } from '../adapters/hook-command.ts'
import { installedIn, withHooks, withoutHooks } from '../adapters/hook-settings.ts'
import { place, type Place, type Ran } from './testing/coord.ts'

let at: Place
beforeEach(() => {
  at = place('http://127.0.0.1:9')
})
afterEach(() => at.remove())
const settings = (): string => join(at.project, '.claude', 'settings.local.json')
const commandIn = (file: string, event: string): string =>
  JSON.parse(readFileSync(file, 'utf8')).hooks[event][0].hooks[0].command

describe('only what we wrote is ours (S3: ownership by substring)', () => {
  it.each([
    './tools/hook run start-dev-server',
    'make hook run start',
    'echo "hook run end"',
    'my-coord.mjs hook run started',
    'run --coord-hooks',
  ])('%s stays, through install and remove', (command) => {
    const text =
      JSON.stringify({ hooks: { SessionStart: [{ hooks: [{ type: 'command', command }] }] } }, null, 2) + '\n'
    expect(installedIn(text)).toEqual([])
    const after = withHooks(text, (event) => `node run.cjs hook run ${event} --coord-hook`) ?? ''
    expect(after).toContain(JSON.stringify(command))
    expect(withoutHooks(after)).toBe(text)
  })
  it.each([
    '/usr/bin/node /x/build/scripts/coord.mjs hook run start',
    '"/opt/my node" "/x y/dist/cli/cli.cjs" hook run end --session me --home /h',
  ])('what an older build wrote is ours: %s', (command) => {
    const text = JSON.stringify({ hooks: { SessionStart: [{ hooks: [{ type: 'command', command }] }] } })
    expect(installedIn(text)).toHaveLength(1)
  })
})

describe('the environment of the installing shell (S10: taken into the hook, or said)', () => {
  it('is taken into the command, and a token is not, which is said', async () => {
    const ran = await at.coord(['hook', 'install'], {
      env: { COORD_TOKEN: 'secret-token', COORD_API_URL: 'http://127.0.0.1:7' },
    })
    expect(ran.code).toBe(0)
    expect(commandIn(settings(), 'SessionStart')).toContain('--url http://127.0.0.1:7')
    expect(commandIn(settings(), 'SessionStart')).toContain('--machine BOX')
    expect(readFileSync(settings(), 'utf8')).not.toContain('secret-token')
    expect(ran.stderr).toContain('COORD_TOKEN is not written')
  })
})

describe('one form for sh, PowerShell and cmd (S12: shell syntax)', () => {
  const context = { home: 'C:\\Users\\Jo Doe\\coord', givenSession: null } as unknown as Context
  it.each([
    ['a Node without blanks', 'C:\\node\\node.exe', null, /^C:\\node\\node\.exe "C:\\Users\\Jo Doe\\coord/],
    ['a Node with blanks', 'C:\\Program Files\\nodejs\\node.exe', null, /^node "C:\\Users/],
    ['an installed app', 'C:\\x\\coord-tray.exe', ['C:\\x y\\coord.cmd'], /^coord hook run start/],
  ] as readonly [string, string, readonly [string] | null, RegExp][])(
    '%s: the first word is bare, and nothing is set before it',
    (_name, execPath, appCoord, expected) => {
      const command = hookCommand(context, 'start', { platform: 'win32', execPath, appCoord, env: {} })
      expect(command).toMatch(expected)
      expect(command).not.toMatch(/['$`;|&]/)
    },
  )
  it('is run by sh as it is written, whatever the folder is called', () => {
    const home = join(at.root, `it's "a" $HOME`)
    const target = join(at.root, 'target.cjs')
    writeFileSync(target, 'process.stdout.write(process.argv.slice(2).join("|"))')
    writeLauncher(home, target)
    const command = hookCommand({ home, givenSession: 'a b' }, 'stop', {
      platform: 'linux',
      execPath: process.execPath,
      appCoord: null,
      env: { COORD_HOME: home },
    })
    expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toBe(
      ['hook', 'run', 'stop', '--session', 'a b', '--home', home, '--coord-hook'].join('|'),
    )
  })
})

describe('the coord of an installed app', () => {
  const app = { versions: { electron: '45.4.1' }, script: '/app/cli.cjs', env: {} }
  it.each([
    ['linux', '/usr/lib/coord-tray/coord-tray', '/usr/lib/coord-tray/coord'],
    ['darwin', '/Applications/C.app/Contents/MacOS/C', '/Applications/C.app/Contents/Resources/bin/coord'],
  ] as const)('%s: beside its own executable', (platform, execPath, coord) => {
    expect(appCoordOf({ ...app, platform, execPath })).toEqual([coord])
  })
  it('an AppImage: its file, which stays when this mount is gone; whichever Node runs it', () => {
    const env = { APPIMAGE: '/home/u/C.AppImage', APPDIR: '/tmp/.mount_C' }
    const inside = { script: '/tmp/.mount_C/usr/lib/coord-tray/cli.cjs', env, platform: 'linux' } as const
    for (const versions of [{ electron: '45.4.1' }, {}])
      expect(appCoordOf({ ...inside, versions, execPath: '/x/node' })).toEqual([
        '/home/u/C.AppImage',
        'coord',
      ])
    const context = { home: '/h', givenSession: null } as unknown as Context
    const facts = { platform: 'linux', execPath: '/x/node', env: {} } as const
    expect(hookCommand(context, 'stop', { ...facts, appCoord: ['/home/u/C 1.AppImage', 'coord'] })).toBe(
      '"/home/u/C 1.AppImage" coord hook run stop --coord-hook',
    )
  })
  it('none in a plain Node, whatever another program’s AppImage left in the environment', () => {
    const env = { APPIMAGE: '/home/u/Editor.AppImage', APPDIR: '/tmp/.mount_E' }
    const place = { versions: {}, execPath: '/x/node', script: '/clone/cli.cjs', platform: 'linux' } as const
    expect(appCoordOf({ ...place, env })).toBeNull()
  })
})

describe('hooks that cannot run (S8: said in a line, and no tool fails)', () => {
  const runLauncher = (): { code: number | null; out: string; error: string } => {
    const ran = spawnSync(process.execPath, [launcherFile(at.home), 'hook', 'run', 'start'], {
      encoding: 'utf8',
    })
    return { code: ran.status, out: ran.stdout, error: ran.stderr }
  }
  it('say so in one line and exit with 0 where the clone is moved', () => {
    const target = join(at.root, 'clone', 'hook.cjs')
    mkdirSync(join(at.root, 'clone'))
    writeFileSync(target, 'process.stdout.write("ran")')
    writeLauncher(at.home, target)
    expect(runLauncher()).toEqual({ code: 0, out: 'ran', error: '' })
    renameSync(join(at.root, 'clone'), join(at.root, 'moved'))
    const { code, error } = runLauncher()
    expect(code).toBe(0)
    expect(error.trimEnd().split('\n')).toHaveLength(1)
    expect(error).toContain('"coord hook install" mends it')
  })
  it('also where what is there is broken', () => {
    const target = join(at.root, 'hook.cjs')
    writeFileSync(target, 'throw new Error("broken\\u0007")')
    writeLauncher(at.home, target)
    expect(runLauncher()).toMatchObject({ code: 0 })
  })
})

it.each([
  ['hook', ['.claude/settings.local.json', '.claude/coord-queue.jsonl', '.claude/.coord-outbox/']],
  ['mcp', ['.mcp.json']],
])(
  '%s install says what is not for a commit, until git passes over it; nothing outside a work tree',
  async (what, files) => {
    const install = async (): Promise<string> => (await at.coord([what, 'install'])).stderr
    expect(await install()).not.toContain('commit')
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e', ...args], {
        cwd: at.root,
        encoding: 'utf8',
      })
    git('init', '-q')
    const said = await install()
    const exclude = join(at.root, '.git', 'info', 'exclude')
    expect(said).toContain(`add to ${exclude}:`)
    const [, ...lines] = said.slice(said.indexOf(exclude)).split('\n  ')
    expect(lines.map((one) => one.trim())).toEqual(files.map((file) => `/${basename(at.project)}/${file}`))
    // the lines as they stand there
    writeFileSync(exclude, lines.join('\n'))
    expect(git('status', '--porcelain', '-uall')).not.toContain(files[0])
    expect(await install()).not.toContain('commit')
    git('add', '-f', join(at.project, files[0] ?? ''))
    expect(await install()).toContain(`${files[0] ?? ''} is in git`)
  },
)

it('doctor runs each as the tool would, says when it was called, and what is wrong', async () => {
  await at.coord(['hook', 'install'])
  const hooksIn = (ran: Ran): any[] => ran.json.filter((f: any) => f.check.startsWith('hook '))
  const well = hooksIn(await at.coord(['doctor', '--json']))
  expect(well).toHaveLength(6)
  expect(well.every((f) => f.ok)).toBe(true)
  expect(well[0].detail).toContain('never called')
  writeLauncher(at.home, join(at.root, 'gone', 'hook.cjs'))
  const bad = hooksIn(await at.coord(['doctor', '--json']))
  expect(bad.every((f) => !f.ok && f.fix.includes('coord hook install'))).toBe(true)
})

it('hooks of an older build, which are not for all tools: doctor says so, and installing again mends it', async () => {
  await at.coord(['hook', 'install'])
  const now = readFileSync(settings(), 'utf8')
  const older = now.replace('|PowerShell|Monitor', '').replace('"timeout": 15', '"timeout": 3')
  expect(older).not.toBe(now)
  writeFileSync(settings(), older)
  const said = (await at.coord(['doctor', '--json'])).json.find((f: any) => f.check === 'hook PreToolUse')
  expect(said).toMatchObject({ ok: false, fix: expect.stringContaining('coord hook install') })
  await at.coord(['hook', 'install'])
  expect(readFileSync(settings(), 'utf8')).toBe(now)
})

it('for a person: in their own settings, and out again', async () => {
  const file = join(at.root, 'user', '.claude', 'settings.json')
  expect(await at.coord(['hook', 'install', '--user'])).toMatchObject({ code: 0 })
  expect(commandIn(file, 'PreToolUse')).toContain('hook run before-tool')
  expect(existsSync(settings())).toBe(false)
  expect((await at.coord(['hook', 'show', '--user', '--json'])).json.hooks).toHaveLength(6)
  expect(await at.coord(['hook', 'remove', '--user'])).toMatchObject({ code: 0 })
  expect(existsSync(file)).toBe(false)
})
