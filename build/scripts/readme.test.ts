/** README holds its word: its commands are run as they stand, in its order, with the installed package; on a machine of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../e2e/support/desktop.ts'
import { packAndInstall, ROOT, type Installed } from './testing/installed.ts'

const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const README = text('README.md')
const PAGES = ['README.md', 'electron/api/OWN-SERVER.md', 'electron/api/TEAM.md']

/** The lines of the blocks of shell, without their remarks. */
const blocks = (page: string): readonly string[] =>
  [...page.matchAll(/^```sh\n([^]*?)^```$/gm)]
    .flatMap(([, block]) => (block ?? '').split('\n'))
    .map((line) => line.replace(/(^|\s+)# .*$/, '').trim())
    .filter(Boolean)
/** What stands between backticks elsewhere and begins with a program's name. */
const inline = (page: string): readonly string[] =>
  [...page.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)]
    .map(([, words]) => words ?? '')
    .filter((words) => /^(coord|npm|npx|node|sudo|sha256sum|ln|git|curl) /.test(words))

/** Commands of other programs, and the file that runs them. */
const RUN_ELSEWHERE: readonly (readonly [RegExp, string, string])[] = [
  [/^sudo apt install \.\/coord-tray_.*\.deb$/, 'build/scripts/test-packages.mjs', 'apt-get install'],
  // dnf is on no Debian: the package is installed by rpm itself
  [/^sudo dnf install \.\/coord-tray-.*\.rpm$/, 'build/scripts/test-packages.mjs', '--install --nodeps'],
  [/^ln -s "\/Applications/, 'build/scripts/other-systems.test.ts', 'Resources/bin/coord'],
  [/^npm ci && npm start$/, 'build/scripts/bare.mjs', 'npm start'],
  [/^npm ci && npm test$/, 'build/scripts/bare.mjs', 'npm test'],
  [/^npm install --global \.$/, 'build/scripts/npm-package.test.ts', 'a clone that is installed globally'],
  [/^sha256sum --check SHA256SUMS$/, 'build/scripts/check-package.mjs', "'--check', '--quiet', 'SHA256SUMS'"],
  [/^npm run -s coord -- status --json$/, 'electron/cli/taken-by-npm.test.ts', "'--json'"],
  [
    /^npm run conformance -- http:\/\/127/,
    'electron/api/conformance/conformance.test.ts',
    'build/scripts/conformance.mjs',
  ],
]

let at: Installed
let project: string
let env: NodeJS.ProcessEnv
const running: { child: ChildProcess; ended: Promise<unknown> }[] = []
beforeAll(async () => {
  at = packAndInstall('readme')
  project = join(at.temp, 'project')
  mkdirSync(join(project, '.claude'), { recursive: true })
  copyFileSync(at.tarball, join(project, basename(at.tarball)))
  // the command of README installs it anew into the same place
  env = {
    ...at.env,
    COORD_PORT: String(await freePort()),
    npm_config_prefix: at.prefix,
    npm_config_offline: 'true',
  }
  env['PATH'] = `${join(at.prefix, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`
  for (const args of [
    ['init', '-q'],
    ['config', 'user.email', 'a@b.invalid'],
    ['config', 'user.name', 'a'],
  ])
    spawnSync('git', args, { cwd: project, env })
  writeFileSync(join(project, 'staged.txt'), 'x')
  spawnSync('git', ['add', 'staged.txt'], { cwd: project, env })
})
afterAll(async () => {
  for (const { child, ended } of running) {
    child.kill()
    await ended
  }
  at.remove()
})

/** Runs a line as a shell does; one that stays, until it has said where it is. */
async function run(line: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const isServer = /^coord (start|serve)\b/.test(line)
  const child = spawn('sh', ['-c', isServer ? `exec ${line}` : line], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (words) => (said += words))
  const ended = new Promise<number | null>((done) => child.once('close', done))
  if (!isServer) return { code: await ended, said }
  running.push({ child, ended })
  await expect.poll(() => said).toContain('served here: http://127.0.0.1:')
  return { code: 0, said }
}

describe('README.md', () => {
  it('names the version of this package', () => {
    const { version } = JSON.parse(text('package.json')) as { readonly version: string }
    const named = [...README.matchAll(/coord-tray[-_](\d+\.\d+\.\d+)/g)].map(([, one]) => one)
    expect(named.length).toBeGreaterThan(2)
    expect(new Set(named)).toEqual(new Set([version]))
  })

  it.each(blocks(README).map((line) => [line]))('%s', async (line) => {
    const { code, said } = await run(line)
    expect(code, said).toBe(0)
  })
})

it('every file that a page links to is there', () => {
  for (const page of PAGES)
    for (const [, target] of text(page).matchAll(/\]\((?!https?:)([^)#]+)\)/g))
      expect(existsSync(join(ROOT, dirname(page), target ?? '')), `${page}: ${target}`).toBe(true)
})

/** All that the program may say: its sources, without tests. */
const sources = (): string =>
  ['electron', 'renderer', 'shared', 'build/scripts/lib']
    .flatMap((dir) =>
      readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name)),
    )
    .filter((name) => /\.(ts|tsx|mjs|cjs)$/.test(name) && !/\.test\.|\/testing\//.test(name))
    .map(text)
    .join('\n')
/** What stands in quotes and is more than a word: the program's own words, with `…` for what differs. */
const quoted = (page: string): readonly string[] =>
  [
    ...page
      .replace(/^```[^]*?^```$/gm, '')
      .replace(/`[^`\n]*`/g, '')
      .matchAll(/"([^"\n]+ [^"\n]+)"/g),
  ].map(([, words]) => words ?? '')

it('a page quotes nothing that the program does not say', () => {
  const said = sources()
  for (const page of PAGES)
    for (const words of quoted(text(page))) {
      const pattern = words
        .split('…')
        .map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('[^\n]*')
      expect(new RegExp(pattern).test(said), `${page}: "${words}"`).toBe(true)
    }
})

/** `coord` with its sub-commands, up to the first word that is none; and the flags. */
const commandIn = (line: string) => {
  const words =
    /\bcoord(?: [^|;&]*)?$/
      .exec(line.split(/[|;&]/)[0] ?? '')?.[0]
      ?.trim()
      .split(/\s+/)
      .slice(1) ?? []
  const stop = words.findIndex((word) => !/^[a-z]+$/.test(word))
  return {
    path: (stop < 0 ? words : words.slice(0, stop)).slice(0, 2),
    flags: words.filter((word) => /^--\w/.test(word)).map((word) => word.replace(/=.*/, '')),
  }
}

it.each(PAGES)('%s: each command and flag exists', (page) => {
  const coordLines = [...blocks(text(page)), ...inline(text(page))].filter(
    (line) => /(^|\s)coord /.test(line) && !line.startsWith('npm '),
  )
  expect(coordLines.length).toBeGreaterThan(1)
  const help = (path: readonly string[]) =>
    spawnSync(join(at.prefix, 'bin/coord'), ['help', ...path], { encoding: 'utf8', env, cwd: project })
  for (const line of coordLines) {
    const { path, flags } = commandIn(line)
    // a second word may be an argument
    const whole = help(path)
    const shown = whole.status === 0 ? whole : help(path.slice(0, 1))
    expect(shown.status, `${line}: ${shown.stderr}`).toBe(0)
    for (const flag of flags) expect(shown.stdout, line).toContain(flag)
  }
})

it.each(PAGES)('%s: what other programs are asked to do is run by a test', (page) => {
  for (const line of inline(text(page)).filter((one) => !one.startsWith('coord '))) {
    const found = RUN_ELSEWHERE.find(([pattern]) => pattern.test(line))
    expect(found, `nothing runs: ${line}`).toBeDefined()
    expect(text(found?.[1] ?? '')).toContain(found?.[2])
  }
})
