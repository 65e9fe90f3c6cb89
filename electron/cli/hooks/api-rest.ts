/** After an API that did not answer in time the hooks leave it alone for a moment: not every edit may wait for it. */
import { createHash } from 'node:crypto'
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const REST_MS = 15_000

/** One for each address: that one API is away says nothing of another project's. */
export const restFile = (home: string, baseUrl: string): string =>
  join(home, 'sessions', `api-away-${createHash('sha256').update(baseUrl).digest('hex').slice(0, 12)}`)

/** What is found away: an API, as the hooks of one `COORD_HOME` ask it. */
interface Asked {
  readonly home: string
  readonly baseUrl: string
}

/** Whether the API was found away a moment ago. */
export function isApiResting({ home, baseUrl }: Asked, now = Date.now()): boolean {
  try {
    const age = now - statSync(restFile(home, baseUrl)).mtimeMs
    return age >= 0 && age < REST_MS
  } catch {
    return false
  }
}

/** Remembers that it was found away just now. */
export function restApi({ home, baseUrl }: Asked): void {
  const file = restFile(home, baseUrl)
  try {
    mkdirSync(join(home, 'sessions'), { recursive: true, mode: 0o700 })
    writeFileSync(file, '', { mode: 0o600 })
    utimesSync(file, new Date(), new Date())
  } catch {
    // Then the next hook waits once more.
  }
}
