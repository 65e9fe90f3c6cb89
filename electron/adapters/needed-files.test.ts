/** One file's resource, whoever asks: by a relative path, through a link, from another work tree. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { neededForFile, neededForPath } from './needed-files.ts'

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'coord-needed-')))
  const project = join(root, 'my project')
  mkdirSync(join(project, 'src'), { recursive: true })
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: project,
      stdio: 'pipe',
    })
  git('init', '-q', '-b', 'main')
  git('commit', '-q', '--allow-empty', '-m', 'x')
  git('worktree', 'add', '-q', '-b', 'feat', join(root, 'feat'))
  symlinkSync(project, join(root, 'link'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it.each([
  ['src/a.ts', 'my project'],
  ['a.ts', 'my project/src'],
  ['../my project/src/a.ts', 'feat'],
  ['src/a.ts', 'feat'],
  ['src/a.ts', 'link'],
])('%s, standing in %s', (path, folder) => {
  expect(neededForFile(path, join(root, folder))).toMatchObject({
    project: 'my-project',
    resource: 'src/a.ts',
  })
})

it('a repository within another, as a commit of the outer one names it, is a name of the outer one', () => {
  const inner = join(root, 'my project', 'vendor', 'lib')
  mkdirSync(inner, { recursive: true })
  execFileSync('git', ['init', '-q'], { cwd: inner })
  const folder = join(root, 'my project')
  expect(neededForFile('vendor/lib', folder)).toMatchObject({ project: 'my-project', resource: 'vendor/lib' })
  expect(neededForFile('vendor/lib/a.c', folder)).toMatchObject({ project: 'lib', resource: 'a.c' })
  // no commit names the outermost, and nothing writes it as a file
  expect(neededForFile('.', folder)).toBeUndefined()
})

it('a folder that a person names is all that is in it', () => {
  const folder = join(root, 'my project')
  expect(neededForPath('.', folder)).toMatchObject({ project: 'my-project', resource: '**' })
  expect(neededForPath('src', folder)).toMatchObject({ project: 'my-project', resource: 'src/' })
  expect(neededForPath('src/a.ts', folder)).toMatchObject({ resource: 'src/a.ts', isOnlyAsked: false })
})

it('a file in no project needs nothing', () => {
  expect(neededForFile('a.ts', root)).toBeUndefined()
})
