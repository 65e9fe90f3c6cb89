/** An option that npm keeps is never lost in silence: the real npm runs the script. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'coord-npm-'))
  const built = spawnSync(process.execPath, [join(root, 'build/scripts/build.mjs'), '--part', 'cli'])
  expect(built.status, String(built.stderr)).toBe(0)
})
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))

function npmRun(args: readonly string[], npmrc = '') {
  const userconfig = join(home, 'npmrc')
  writeFileSync(userconfig, npmrc)
  const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'coord', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: {
      PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      COORD_HOME: home,
      npm_config_userconfig: userconfig,
    },
  })
  return { status, stdout, stderr }
}

it.each([
  [['status', '--json'], '--json'],
  [['locks', '--all'], '--all'],
  [['enqueue', 'GET', '/api/coord/locks', '--body', '{}'], '--body'],
  [['send', '--reply-to=5', '--project=p', '--subject=s', '--broadcast'], '--reply-to'],
])('npm run coord %j without -- is refused, and says what to write', (args, lost) => {
  const { status, stdout, stderr } = npmRun(args)
  // npm itself puts a JSON of the exit code there where it was asked for JSON
  expect({ status, stdout: args.includes('--json') ? '' : stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain('coord: npm took ')
  expect(stderr).toContain(lost)
  expect(stderr).toContain('npm run -s coord -- …')
})

it('behind -- each option arrives', () => {
  const { status, stdout } = npmRun(['--', 'hook', 'show', '--json'])
  expect(status).toBe(0)
  expect(() => void JSON.parse(stdout)).not.toThrow()
})

it('what a person has set for npm is no lost option', () => {
  expect(npmRun(['--', 'hook', 'show'], 'json=true\n').status).toBe(0)
})
