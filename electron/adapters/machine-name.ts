/**
 * This machine's name, and the names that it had before. A host that is renamed still holds locks and gets messages under
 * its old name: that stays an alias in the settings until a person removes it there.
 */
import { randomBytes } from 'node:crypto'
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { readJson } from '../../shared/json.ts'
import type { Machine } from '../../shared/session.ts'
import type { Env } from './places.ts'
import { makeFolder } from './make-folder.ts'

/** A container gets a new name at each start: the oldest are forgotten. */
const MAX_ALIASES = 50

interface Known {
  /** Tells a renamed host from another one that shares this COORD_HOME; empty where the platform does not say. */
  readonly host: string
  readonly name: string
}

export interface NameSources {
  readonly env: Env
  readonly home: string
  /** From the settings file, where they stand there. */
  readonly machineName?: string | undefined
  readonly aliases: readonly string[]
  /** The host's own; tests name others. */
  readonly host?: Known
}

/** `COORD_MACHINE`, else the settings, else the host's name; with the former host names among the aliases. */
export function machineFrom(sources: NameSources): Machine {
  const { env, home, aliases } = sources
  const chosen = env['COORD_MACHINE'] || sources.machineName
  if (chosen) return { name: chosen, aliases }
  const now = sources.host ?? { host: hostId(), name: hostname() }
  const file = join(home, 'machine.json')
  const before = readKnown(file)
  if (before?.name === now.name && before.host === now.host) return { name: now.name, aliases }
  const isRenamed = before !== undefined && before.host === now.host && before.name !== now.name
  const isListed = aliases.some((alias) => alias.toLowerCase() === before?.name.toLowerCase())
  const all = isRenamed && !isListed ? [...aliases, before.name].slice(-MAX_ALIASES) : aliases
  // remembered as done only when it stands in the settings: a person may take it out there, and then it stays out
  if (all === aliases || addAliases(home, all)) writeWhole(home, file, { host: now.host, name: now.name })
  return { name: now.name, aliases: all }
}

function hostId(): string {
  try {
    return process.platform === 'linux' ? readFileSync('/etc/machine-id', 'utf8').trim() : ''
  } catch {
    return ''
  }
}

function readKnown(file: string): Known | undefined {
  const value = readObject(file)
  const { host, name } = value ?? {}
  return typeof host === 'string' && typeof name === 'string' && name !== '' ? { host, name } : undefined
}

function readObject(file: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = readJson(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Into the settings, with everything else that stands there; false where they cannot be read or written. */
function addAliases(home: string, aliases: readonly string[]): boolean {
  const file = join(home, 'settings.json')
  const settings = readObject(file)
  if (settings === undefined && mayBeThere(file)) return false
  return writeWhole(home, file, { ...settings, aliases })
}

/** What cannot be looked at may be there. */
function mayBeThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return true
  }
}

function writeWhole(home: string, file: string, value: object): boolean {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    makeFolder(home, 0o700)
    writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(draft, file)
    return true
  } catch {
    removeDraft(draft)
    return false
  }
}

function removeDraft(draft: string): void {
  try {
    rmSync(draft, { force: true })
  } catch {
    // It never came to be: what should be its folder is none.
  }
}
