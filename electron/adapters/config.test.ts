/** Settings and their order of precedence; a corrupt file is kept aside and said. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepSettings, resolveConfig } from './config.ts'
import { createLog, redact } from './log.ts'
import { settingsFile } from './settings-file.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'coord-config-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('defaults: the host name, served here on 8001, the question on quit', () => {
  const config = resolveConfig({ COORD_HOME: home })
  expect(config.apiUrl).toBeNull()
  expect(config.port).toBe(8001)
  expect(config.settings).toMatchObject({ machineName: hostname(), quitChoice: 'ask', workspaces: [] })
  expect(config.problems).toEqual([])
})

test('the environment outranks the file', () => {
  settingsFile(home).write({ machineName: 'FILE', apiUrl: 'http://127.0.0.1:1/api/coord/' })
  expect(resolveConfig({ COORD_HOME: home })).toMatchObject({ apiUrl: 'http://127.0.0.1:1' })
  const config = resolveConfig({
    COORD_HOME: home,
    COORD_MACHINE: 'ENV',
    COORD_API_URL: 'http://127.0.0.1:2/team',
  })
  expect(config.settings.machineName).toBe('ENV')
  expect(config.apiUrl).toBe('http://127.0.0.1:2/team')
})

test('settings that do not parse are kept aside byte for byte, and said', () => {
  writeFileSync(join(home, 'settings.json'), '{"machineName": 7')
  const config = resolveConfig({ COORD_HOME: home })
  expect(config.problems.join()).toMatch(/could not be read and was kept as .*corrupt/)
  const kept = readdirSync(home).find((name) => name.includes('corrupt')) ?? ''
  expect(readFileSync(join(home, kept), 'utf8')).toBe('{"machineName": 7')
})

test('a first run is one without settings, and without an environment that says what it would ask', () => {
  expect(resolveConfig({ COORD_HOME: home }).settings).toMatchObject({
    isSetUp: false,
    startAtLogin: null,
    quietHours: null,
    mutedProjects: [],
  })
  for (const name of ['COORD_API_URL', 'COORD_WORKSPACES', 'COORD_MACHINE'])
    expect(resolveConfig({ COORD_HOME: home, [name]: 'http://127.0.0.1:1' }).settings.isSetUp).toBe(true)
  settingsFile(home).write({ hideContent: true })
  expect(resolveConfig({ COORD_HOME: home }).settings.isSetUp).toBe(true)
})

test('quiet hours that are no times of day are said, not guessed, and stay in the file', () => {
  writeFileSync(join(home, 'settings.json'), '{"quietHours":{"from":"25:00","to":"7"}}')
  const config = resolveConfig({ COORD_HOME: home })
  expect(config.settings.quietHours).toBeNull()
  expect(config.problems).toEqual([expect.stringContaining('does not know for quietHours;')])
  expect(readdirSync(home).filter((name) => name.startsWith('settings'))).toEqual(['settings.json'])
})

test('a value of a later version costs no other setting, and stays until that setting is changed here', () => {
  const later = { apiUrl: 'http://127.0.0.1:1', quitChoice: 'sleep', hideContent: true }
  const file = join(home, 'settings.json')
  writeFileSync(file, JSON.stringify(later))
  const env = { COORD_HOME: home }
  const config = resolveConfig(env)
  expect(config).toMatchObject({ apiUrl: later.apiUrl, settings: { quitChoice: 'ask', hideContent: true } })
  const onFile = (): unknown => JSON.parse(readFileSync(file, 'utf8'))
  expect(keepSettings(env, config, { ...config.settings, hideContent: false }).ok).toBe(true)
  expect(onFile()).toMatchObject({ apiUrl: later.apiUrl, quitChoice: 'sleep', hideContent: false })
  expect(keepSettings(env, config, { ...config.settings, quitChoice: 'keep' }).ok).toBe(true)
  expect(onFile()).toMatchObject({ quitChoice: 'keep' })
})

test('settings that cannot be read are no missing ones: said, nothing is contacted, and they stay', () => {
  const file = join(home, 'settings.json')
  mkdirSync(file)
  const env = { COORD_HOME: home }
  const config = resolveConfig(env)
  expect(config.apiUrl).toBe('http://127.0.0.1:9')
  expect(config.problems).toEqual([
    `${file} cannot be read (it is a folder): nothing is contacted until it can be.`,
  ])
  expect(config.settings.isSetUp).toBe(true)
  expect(resolveConfig({ ...env, COORD_API_URL: 'http://127.0.0.1:1' }).apiUrl).toBe('http://127.0.0.1:1')
  expect(keepSettings(env, config, config.settings)).toMatchObject({ ok: false })
})

test.each([
  ['a comma too many', '{"apiUrl": "http://127.0.0.1:1/team",}', 'http://127.0.0.1:1/team'],
  ['torn behind it', '{"apiUrl":"http://127.0.0.1:1","machineNa', 'http://127.0.0.1:1'],
  ['torn within it', '{"apiUrl":"http://127.0.', null],
  ['no text of ours', '{"machineName": 7', null],
])(
  'settings that do not parse: %s; the address of the API is kept, at the next start too',
  (_what, text, url) => {
    writeFileSync(join(home, 'settings.json'), text)
    expect(resolveConfig({ COORD_HOME: home }).apiUrl).toBe(url)
    expect(resolveConfig({ COORD_HOME: home })).toMatchObject({ apiUrl: url, problems: [] })
  },
)

test('an address that is no text never turns into "serve here"', () => {
  writeFileSync(join(home, 'settings.json'), '{"apiUrl": 7}')
  expect(resolveConfig({ COORD_HOME: home }).apiUrl).toBe('http://127.0.0.1:9')
})

test('unknown settings of a newer version survive a write', () => {
  writeFileSync(join(home, 'settings.json'), '{"future":{"a":1},"aliases":["x"]}')
  const file = settingsFile(home)
  file.write({ ...file.read().value, machineName: 'M' })
  expect(JSON.parse(readFileSync(file.path, 'utf8'))).toEqual({
    future: { a: 1 },
    aliases: ['x'],
    machineName: 'M',
  })
})

test('an address that is none never turns into "serve here"', () => {
  const config = resolveConfig({ COORD_HOME: home, COORD_API_URL: 'ftp://nowhere' })
  expect(config.apiUrl).not.toBeNull()
  expect(config.problems.join()).toMatch(/is none/)
})

test('the log is written, without secrets', () => {
  const log = createLog(home, ['s3cr3t-token'])
  log.warn('asked with Bearer abc.def', { token: 'x', url: 'http://u:p@h/', note: 's3cr3t-token' })
  const text = readFileSync(log.file, 'utf8')
  expect(text).toContain('asked with')
  expect(text).not.toMatch(/abc\.def|s3cr3t-token|u:p@/)
  expect(redact('a=1')).toBe('a=1')
})

test('nobody is asked for a later version unless a person says whom', () => {
  expect(resolveConfig({ COORD_HOME: home }).updateUrl).toBeNull()
  const address = 'https://coord.example/latest.json?a=1'
  expect(resolveConfig({ COORD_HOME: home, COORD_UPDATE_URL: address }).updateUrl).toBe(address)
  settingsFile(home).write({ updateUrl: 'http://127.0.0.1:9/latest.json' })
  expect(resolveConfig({ COORD_HOME: home }).updateUrl).toBe('http://127.0.0.1:9/latest.json')
  expect(resolveConfig({ COORD_HOME: home, COORD_UPDATE_URL: address }).updateUrl).toBe(address)
  const wrong = resolveConfig({ COORD_HOME: home, COORD_UPDATE_URL: 'file:///etc/passwd' })
  expect(wrong.updateUrl).toBeNull()
  expect(wrong.problems.join()).toContain('COORD_UPDATE_URL')
})
