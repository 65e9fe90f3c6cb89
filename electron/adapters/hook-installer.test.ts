/** Installing hooks from a window: shown first, written as shown, and given back by the terminal's own removal. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { usedFolders } from './find-workspaces.ts'
import { launcherFile } from './hook-command.ts'
import { createHookInstaller } from './hook-installer.ts'
import { HOOKS, installedIn, withoutHooks } from './hook-settings.ts'
import { planRemoval } from './tool-file.ts'

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'coord-hooks-')))
  for (const folder of ['home', 'user', 'project', 'dist/cli'])
    mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'dist/cli/hook.cjs'), '')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))
const installer = (cliFile = join(root, 'dist/cli/cli.cjs')) =>
  createHookInstaller({
    home: join(root, 'home'),
    cliFile,
    facts: { platform: 'linux', execPath: '/usr/bin/node', appCoord: null, env: {} },
    userFolder: join(root, 'user'),
  })
const project = () => ({ scope: 'project' as const, path: join(root, 'project') })
const files = { project: 'project/.claude/settings.local.json', user: 'user/.claude/settings.json' }

it.each([
  ['project', () => project()],
  ['user', () => ({ scope: 'user' as const, path: null })],
] as const)(
  '%s: shown without writing a byte, written as shown, and a second time nothing',
  (scope, target) => {
    const file = join(root, files[scope])
    const { preview, install } = installer()
    const first = preview(target())
    expect(first).toMatchObject({ ok: true, value: { file, isInstalled: false } })
    expect([existsSync(file), existsSync(launcherFile(join(root, 'home')))]).toEqual([false, false])
    expect(install(target())).toEqual({ ok: true, value: { file, diff: '', isInstalled: true } })
    const text = readFileSync(file, 'utf8')
    const shown = first.ok ? first.value.diff.split('\n').map((line) => line.slice(2)) : []
    expect(text.trimEnd().split('\n')).toEqual(shown)
    expect(installedIn(text).map((hook) => hook.event)).toEqual(HOOKS.map((hook) => hook.event))
    expect(existsSync(launcherFile(join(root, 'home')))).toBe(true)
    expect(preview(target())).toEqual({ ok: true, value: { file, diff: '', isInstalled: true } })
    expect(usedFolders(join(root, 'home'))).toEqual(scope === 'project' ? [join(root, 'project')] : [])
    const removal = planRemoval(join(root, 'home'), file, (t) => installedIn(t).length > 0, withoutHooks)
    expect(removal.ok && removal.value?.write()).toMatchObject({ ok: true })
    expect(existsSync(file)).toBe(false)
  },
)

const remove = (file: string): string | null => {
  const removal = planRemoval(join(root, 'home'), file, (t) => installedIn(t).length > 0, withoutHooks)
  expect(removal.ok && removal.value?.write()).toMatchObject({ ok: true })
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

it('what is installed again, over a file that was changed since and has an older build’s, is taken out whole', () => {
  const file = join(root, files.project)
  installer().install(project())
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace('{', '{\n  "mine": 1,')
      .replaceAll('before-tool', 'before-tool --home /old'),
  )
  expect(installer().install(project())).toMatchObject({ ok: true })
  const left = remove(file) ?? ''
  expect(installedIn(left)).toEqual([])
  expect(JSON.parse(left)).toEqual({ mine: 1 })
})

it('a link whose file is not there yet stays a link: what it leads to comes and goes', () => {
  const file = join(root, files.project)
  const target = join(root, 'dotfiles', 'settings.json')
  mkdirSync(join(root, 'project/.claude'))
  mkdirSync(join(root, 'dotfiles'))
  symlinkSync('../../dotfiles/settings.json', file)
  expect(installer().install(project())).toMatchObject({ ok: true })
  expect(installedIn(readFileSync(target, 'utf8'))).not.toEqual([])
  expect(remove(file)).toBeNull()
  expect([existsSync(target), readlinkSync(file)]).toEqual([false, '../../dotfiles/settings.json'])
})

it('what it cannot do it says as a code, and changes nothing', () => {
  const { preview, install } = installer()
  for (const path of [null, 'relative', join(root, 'nothing')])
    expect(install({ scope: 'project', path })).toMatchObject({ ok: false, error: { code: 'not-a-folder' } })
  mkdirSync(join(root, 'project/.claude'))
  writeFileSync(join(root, files.project), 'no settings')
  for (const act of [preview, install])
    expect(act(project())).toMatchObject({ ok: false, error: { code: 'refused' } })
  expect(readFileSync(join(root, files.project), 'utf8')).toBe('no settings')
  expect(installer('/nowhere/cli.cjs').preview(project())).toMatchObject({
    ok: false,
    error: { code: 'refused', message: expect.stringContaining('not built') },
  })
})
