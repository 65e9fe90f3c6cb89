/** After an API that did not answer in time the hooks leave it alone for a moment: not every edit may wait for it. */
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const REST_MS = 15_000

const fileOf = (home: string): string => join(home, 'sessions', 'api-away')

/** Whether the API was found away a moment ago. */
export function isApiResting(home: string, now = Date.now()): boolean {
  try {
    const age = now - statSync(fileOf(home)).mtimeMs
    return age >= 0 && age < REST_MS
  } catch {
    return false
  }
}

/** Remembers that it was found away just now. */
export function restApi(home: string): void {
  const file = fileOf(home)
  try {
    mkdirSync(join(home, 'sessions'), { recursive: true, mode: 0o700 })
    writeFileSync(file, '', { mode: 0o600 })
    utimesSync(file, new Date(), new Date())
  } catch {
    // Then the next hook waits once more.
  }
}
