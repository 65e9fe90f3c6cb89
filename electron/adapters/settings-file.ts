/**
 * The settings file. Each key is looked at by itself: one that is wrong, or of a later version, costs no other. The address
 * of the API above all: without it one would be served here, and take a team's calls.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { settingsView, type SettingsView } from '../../shared/snapshot.ts'
import { jsonFile } from './json-file.ts'
import { addressIn } from './places.ts'

/** What the file may hold; what is absent has its default, unknown keys of a newer version are kept. */
export type SettingsOnFile = Partial<SettingsView> & Record<string, unknown>

export interface SettingsRead {
  readonly value: SettingsOnFile
  /** Known keys whose value is none that this version knows, as they stand there. */
  readonly strange: Readonly<Record<string, unknown>>
  /** Something stands there that cannot be read at all: nobody knows what. */
  readonly isUnreadable: boolean
  readonly problems: readonly string[]
}

export interface SettingsFile {
  readonly path: string
  read(): SettingsRead
  /** Whether it is on disk now. */
  write(value: SettingsOnFile): boolean
}

export function settingsFile(home: string): SettingsFile {
  const file = jsonFile(join(home, 'settings.json'), z.record(z.string(), z.unknown()), {})
  const { path } = file
  return {
    path,
    write: (value) => file.write(value),
    read() {
      const { value, problem, unread } = file.read()
      if (unread === undefined) return { ...sorted(path, value), isUnreadable: false }
      const { text } = unread
      if (text === null)
        return {
          ...{ value: {}, strange: {}, isUnreadable: true },
          problems: [`${path} cannot be read (${unread.why}): nothing is contacted until it can be.`],
        }
      const apiUrl = addressIn(text)
      if (apiUrl === undefined)
        return { value: {}, strange: {}, isUnreadable: false, problems: [problem ?? ''] }
      // For the next start, which finds no broken file any more.
      if (!existsSync(path)) file.write({ apiUrl })
      return {
        ...{ value: { apiUrl }, strange: {}, isUnreadable: false },
        problems: [`${problem ?? ''} The API's address was kept: ${apiUrl}`],
      }
    },
  }
}

const isKnown = (key: string): key is keyof SettingsView => Object.hasOwn(settingsView.shape, key)

function sorted(path: string, all: Readonly<Record<string, unknown>>): Omit<SettingsRead, 'isUnreadable'> {
  const value: Record<string, unknown> = {}
  const strange: Record<string, unknown> = {}
  for (const [key, one] of Object.entries(all)) {
    const isStrange = isKnown(key) && !settingsView.shape[key].safeParse(one).success
    ;(isStrange ? strange : value)[key] = one
  }
  const names = Object.keys(strange)
  return {
    value,
    strange,
    problems:
      names.length === 0
        ? []
        : [`${path} has what this version does not know for ${names.join(', ')}; the defaults count there.`],
  }
}
