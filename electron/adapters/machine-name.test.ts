import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { machineFrom } from './machine-name.ts'

let home: string
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'coord-name-'))))
afterEach(() => rmSync(home, { recursive: true, force: true }))

const settings = (): Record<string, unknown> =>
  existsSync(join(home, 'settings.json'))
    ? (JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8')) as Record<string, unknown>)
    : {}
/** A start of the program on a host of this name. */
const start = (name: string, host = 'id-1', env: Record<string, string> = {}) =>
  machineFrom({
    env,
    home,
    machineName: settings()['machineName'] as string | undefined,
    aliases: (settings()['aliases'] as string[] | undefined) ?? [],
    host: { host, name },
  })

describe('a host that is renamed', () => {
  it('keeps its former names as aliases, in the settings, beside what stands there', () => {
    writeFileSync(join(home, 'settings.json'), '{"hideContent":true}')
    expect(start('OLD')).toEqual({ name: 'OLD', aliases: [] })
    expect(start('NEW')).toEqual({ name: 'NEW', aliases: ['OLD'] })
    expect(start('NEWER').aliases).toEqual(['OLD', 'NEW'])
    expect(settings()).toEqual({ hideContent: true, aliases: ['OLD', 'NEW'] })
    expect(readdirSync(home).sort()).toEqual(['machine.json', 'settings.json'])
  })

  it('loses one that a person removes, for good', () => {
    start('OLD')
    start('NEW')
    writeFileSync(join(home, 'settings.json'), '{"aliases":[]}')
    expect(start('NEW').aliases).toEqual([])
    expect(start('NEW').aliases).toEqual([])
  })

  it('has an alias once, whatever its case, and never without need a settings file', () => {
    start('OLD')
    expect(existsSync(join(home, 'settings.json'))).toBe(false)
    writeFileSync(join(home, 'settings.json'), '{"aliases":["old"]}')
    expect(start('NEW').aliases).toEqual(['old'])
  })

  it('is not meant by a name that a person chose, nor by another host that shares the folder', () => {
    start('OLD')
    expect(start('NEW', 'id-1', { COORD_MACHINE: 'CHOSEN' })).toEqual({ name: 'CHOSEN', aliases: [] })
    expect(start('OTHER', 'id-2')).toEqual({ name: 'OTHER', aliases: [] })
    expect(settings()).toEqual({})
  })

  it('is not forgotten where the settings cannot be read: they are left alone, and it is done when they can', () => {
    start('OLD')
    writeFileSync(join(home, 'settings.json'), '{ broken')
    expect(machineFrom({ env: {}, home, aliases: [], host: { host: 'id-1', name: 'NEW' } }).aliases).toEqual([
      'OLD',
    ])
    expect(readFileSync(join(home, 'settings.json'), 'utf8')).toBe('{ broken')
    writeFileSync(join(home, 'settings.json'), '{}')
    expect(start('NEW').aliases).toEqual(['OLD'])
    expect(settings()).toEqual({ aliases: ['OLD'] })
  })
})
