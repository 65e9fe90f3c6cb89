/** Which messages the person has seen, as the app keeps it; the terminal only reads it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** No such record, or one of a newer version: nothing counts as seen. */
export function readSeen(home: string): (id: string) => boolean {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(home, 'seen.json'), 'utf8'))
    const list = Array.isArray(parsed) ? parsed : Object.values(parsed as object).flat()
    const ids = new Set(list.map((key) => idOfKey(String(key))))
    return (id) => ids.has(id)
  } catch {
    return () => false
  }
}

/** The app keeps `["message", server, id, created_at]`; a bare id counts as one. */
function idOfKey(key: string): string {
  try {
    const parts: unknown = JSON.parse(key)
    return Array.isArray(parts) && parts[0] === 'message' ? String(parts[2]) : key
  } catch {
    return key
  }
}
