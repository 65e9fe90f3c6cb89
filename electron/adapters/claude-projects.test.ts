/** Claude Code's list of projects: its keys only, whatever state the file is in. */
import fc from 'fast-check'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claudeFile, createClaudeProjects, projectsIn, READ_EVERY_MS } from './claude-projects.ts'

let dir: string
let file: string
let now: number
const open = () => createClaudeProjects(file, () => now)
const write = (projects: unknown): void =>
  writeFileSync(file, JSON.stringify({ projects, oauthAccount: { token: 'x' } }))

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-claude-'))
  file = claudeFile({ HOME: dir })
  now = 0
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('the keys of its projects that are folders by name, and nothing else', async () => {
  write({ '/a': { history: ['secret'] }, 'C:relative': {}, '/b/c': null })
  expect(await open().read()).toEqual(['/a', '/b/c'])
  expect(claudeFile({ HOME: dir, CLAUDE_CONFIG_DIR: '/elsewhere' })).toBe(join('/elsewhere', '.claude.json'))
})

test('is read again only when it changed, and at most once a minute', async () => {
  const list = open()
  expect(await list.read()).toEqual([])
  write({ '/a': {} })
  expect(await list.read()).toEqual([])
  now += READ_EVERY_MS
  expect(await list.read()).toEqual(['/a'])
  write({ '/a': {}, '/b': {} })
  now += READ_EVERY_MS - 1
  expect(await list.read()).toEqual(['/a'])
  now += 1
  expect(await list.read()).toEqual(['/a', '/b'])
})

test('damaged: the last good list stands until the file is whole again', async () => {
  write({ '/a': {} })
  const list = open()
  expect(await list.read()).toEqual(['/a'])
  for (const bad of ['', '{"projects":{"/b":', '[]', 'null', '{"projects":[1]}', '\u0000\u0000']) {
    writeFileSync(file, bad)
    now += READ_EVERY_MS
    expect(await list.read()).toEqual(['/a'])
  }
  write({ '/b': {} })
  now += READ_EVERY_MS
  expect(await list.read()).toEqual(['/b'])
})

test('too large, a folder, or gone: nothing new, and no fault', async () => {
  write({ '/a': {} })
  const list = open()
  await list.read()
  truncateSync(file, 33 * 1024 * 1024)
  utimesSync(file, 1, 1)
  now += READ_EVERY_MS
  expect(await list.read()).toEqual(['/a'])
  rmSync(file)
  mkdirSync(file)
  now += READ_EVERY_MS
  expect(await list.read()).toEqual(['/a'])
})

test('never throws, whatever the text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const found = projectsIn(text)
      expect(found === undefined || found.every((path) => path.startsWith('/'))).toBe(true)
    }),
  )
})
