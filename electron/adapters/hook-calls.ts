/** When each hook was last called on this machine: the time of an empty file under `COORD_HOME/hooks`. */
import { closeSync, futimesSync, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { EpochMs } from '../../shared/time.ts'

const fileOf = (home: string, event: string): string => join(home, 'hooks', `called-${event}`)

/** Remembers a call just now; where that cannot be written, the hook's own work goes on. */
export function noteHookCall(home: string, event: string): void {
  try {
    mkdirSync(join(home, 'hooks'), { recursive: true, mode: 0o700 })
    const fd = openSync(fileOf(home, event), 'a', 0o600)
    futimesSync(fd, new Date(), new Date())
    closeSync(fd)
  } catch {
    // Said by doctor as never called.
  }
}

/** Null: never. */
export function lastHookCall(home: string, event: string): EpochMs | null {
  return statSync(fileOf(home, event), { throwIfNoEntry: false })?.mtimeMs ?? null
}
