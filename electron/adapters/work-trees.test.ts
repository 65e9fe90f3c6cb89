/** On real repositories, made by git itself. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWorkTrees } from './work-trees.ts'

let root = ''
const at = (...names: string[]): string => join(root, ...names)
const git = (folder: string, ...args: string[]): void => {
  execFileSync(
    'git',
    ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'protocol.file.allow=always', ...args],
    {
      cwd: folder,
      stdio: 'pipe',
      env: { PATH: process.env['PATH'], HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
    },
  )
}
function repository(name: string): string {
  mkdirSync(at(name))
  git(at(name), 'init', '-q', '-b', 'main')
  git(at(name), 'commit', '-q', '--allow-empty', '-m', 'x')
  return at(name)
}
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'coord-trees-')))
  repository('lib')
  const app = repository('My App')
  git(app, 'remote', 'add', 'upstream', 'https://example.invalid/other.git')
  git(app, 'worktree', 'add', '-q', '-b', 'feat/one', at('My App', '.claude', 'worktrees', 'feat'))
  git(app, 'submodule', 'add', '-q', at('lib'), 'vendor/lib')
  repository(join('My App', 'nested'))
  const remote = repository('checkout')
  git(remote, 'remote', 'add', 'origin', 'git@example.invalid:org/GuruRMM.git')
  mkdirSync(at('checkout', '.claude'))
  git(remote, 'checkout', '-q', '--detach')
  git(repository('named'), 'worktree', 'add', '-q', at('named-2'))
  mkdirSync(at('named', '.claude'))
  writeFileSync(at('named', '.claude', 'coord.json'), '{"project":"the-one","guard":"warn"}')
  mkdirSync(at('plain', '.claude'), { recursive: true })
  writeFileSync(at('plain', '.claude', 'coord.json'), '{"project":"no-git"}')
  // a bare repository without a remote, and one whose own folder lies elsewhere
  git(root, 'clone', '-q', '--bare', at('lib'), at('Store.git'))
  git(at('Store.git'), 'remote', 'remove', 'origin')
  git(at('Store.git'), 'worktree', 'add', '-q', '-b', 'one', at('one'))
  git(at('Store.git'), 'worktree', 'add', '-q', '-b', 'two', at('two'))
  mkdirSync(at('kept'))
  git(root, 'init', '-q', '-b', 'main', '--separate-git-dir', at('kept', 'Apart.git'), at('elsewhere'))
  git(at('elsewhere'), 'commit', '-q', '--allow-empty', '-m', 'x')
  git(at('elsewhere'), 'worktree', 'add', '-q', '-b', 'three', at('three'))
  // a clone of where git stood: its origin ends with `/.`
  git(at('lib'), 'clone', '-q', '.', at('copy'))
  git(root, 'clone', '-q', '--bare', at('lib'), at('hub', '.bare'))
  git(at('hub', '.bare'), 'remote', 'remove', 'origin')
  git(at('hub', '.bare'), 'worktree', 'add', '-q', '-b', 'four', at('hub', 'four'))
  mkdirSync(at('faulty', '.claude'), { recursive: true })
  writeFileSync(at('faulty', '.claude', 'coord.json'), '{"guard":"on"}')
  symlinkSync(at('My App'), at('link'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('the work tree of a path', () => {
  it.each([
    ['My App/new/deep/file.ts', 'My App', 'my-app', 'main'],
    ['My App', 'My App', 'my-app', 'main'],
    ['My App/.claude/worktrees/feat/x.ts', 'My App/.claude/worktrees/feat', 'my-app', 'feat/one'],
    ['My App/vendor/lib/a.c', 'My App/vendor/lib', 'lib', 'main'],
    ['My App/nested/deleted/a.c', 'My App/nested', 'nested', 'main'],
    ['checkout/x', 'checkout', 'gururmm', null],
    ['named/x', 'named', 'the-one', 'main'],
    ['named-2/x', 'named-2', 'the-one', 'named-2'],
    ['plain/sub/x', 'plain', 'no-git', null],
    // all work trees of a repository are of one project
    ['one/x', 'one', 'store', 'one'],
    ['two/x', 'two', 'store', 'two'],
    ['elsewhere/x', 'elsewhere', 'apart', 'main'],
    ['three/x', 'three', 'apart', 'three'],
    ['hub/four/x', 'hub/four', 'hub', 'four'],
    ['copy/x', 'copy', 'lib', 'main'],
  ])('%s', (path, top, project, branch) => {
    const trees = createWorkTrees()
    expect(trees.find(trees.real(at(path)))).toMatchObject({ top: at(top), project, branch, fault: null })
  })
  it('is where a link leads whose file is not there yet; one that leads nowhere stays as it stands', () => {
    symlinkSync(join('My App', 'to-be.ts'), at('ahead'))
    symlinkSync(at('ahead'), at('twice'))
    symlinkSync(at('around'), at('around'))
    const trees = createWorkTrees()
    const real = (path: string): string => trees.real(path)
    expect(real(at('ahead'))).toBe(at('My App', 'to-be.ts'))
    expect(real(at('twice'))).toBe(at('My App', 'to-be.ts'))
    expect(real(at('around', 'x'))).toBe(at('around', 'x'))
  })
  it.each([
    ['a name that is too long', () => at('My App', 'n'.repeat(300))],
    ['a path that is too long', () => at('My App', 'n/'.repeat(2200), 'x')],
    ['a NUL in it', () => at('My App', 'a\0b')],
    ['a circle of links', () => at('My App', 'circle', 'x')],
  ])(
    'what cannot be looked at is nothing that is there, and keeps nothing else from being judged: %s',
    (_, path) => {
      rmSync(at('My App', 'circle'), { force: true })
      symlinkSync('circle', at('My App', 'circle'))
      const trees = createWorkTrees()
      expect(trees.isFolder(path())).toBe(false)
      expect(trees.isThere(path())).toBe(false)
      expect(trees.find(trees.real(path()))).toMatchObject({ project: 'my-app' })
    },
  )
  it('is none outside any', () => {
    expect(createWorkTrees().find(at('nothing', 'x'))).toBeNull()
  })
  it('has the mode of the first work tree, where its own has no configuration', () => {
    expect(createWorkTrees().find(at('named-2', 'x'))?.config.guard).toBe('warn')
  })
  it.each([
    ['a folder', (file: string) => mkdirSync(file, { recursive: true })],
    ['a circle of links', (file: string) => symlinkSync('coord.json', file)],
    ['a link that leads nowhere', (file: string) => symlinkSync('none', file)],
  ])('a configuration that is there and cannot be read is a fault: %s', (_, put) => {
    const folder = at('unreadable', '.claude')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    put(join(folder, 'coord.json'))
    expect(createWorkTrees().find(at('unreadable', 'x'))).toMatchObject({ fault: { code: 'unreadable' } })
  })
  it('says the fault of a configuration, and guards nothing by it', () => {
    expect(createWorkTrees().find(at('faulty', 'x'))).toMatchObject({
      fault: { code: 'schema', field: 'guard' },
    })
  })
  it('links are followed, also above what is not there yet', () => {
    expect(createWorkTrees().real(at('link', 'new', 'x.ts'))).toBe(at('My App', 'new', 'x.ts'))
    // `..` is taken off what a link leads to, also where nothing is there yet
    symlinkSync(at('My App', 'vendor'), at('inside'))
    for (const name of ['a.ts', '.git', 'no/../a.ts'])
      expect(createWorkTrees().real(`${at('inside')}/../${name}`)).toBe(
        at('My App', name.split('/').at(-1) ?? ''),
      )
  })
})
