/** The first witness of a torture round: the bytes of the segments, with the place and the key of every line. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemKeys } from '../../../electron/adapters/system.ts'
import { tell, type Told } from './calls.ts'

export interface Placed extends Told {
  readonly segment: string
  readonly offset: number
}

/** Every line of the segments with its place and key: cut by newlines alone, the product's own scanner is not asked. */
export function placesOf(dir: string, problems: string[]): Map<string, Placed> {
  const byKey = new Map<string, Placed>()
  for (const file of readdirSync(dir).sort()) {
    if (!file.endsWith('.seg')) continue
    const segment = file.slice(0, -'.seg'.length)
    const bytes = readFileSync(join(dir, file))
    for (let offset = 0; offset < bytes.length;) {
      const end = bytes.indexOf(0x0a, offset)
      if (end < 0) {
        problems.push(`${file} ends in half a line at ${offset}`)
        break
      }
      try {
        const told = tell(bytes.toString('utf8', offset, end))
        byKey.set(systemKeys.uuid5(`${segment}/${offset}/0`), { ...told, segment, offset })
      } catch {
        problems.push(`${file} holds a torn line at ${offset}`)
      }
      offset = end + 1
    }
  }
  return byKey
}
