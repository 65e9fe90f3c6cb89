/** The findings of the self-test by what they ask of a person, and the sentence about them. Pure. */
import type { Finding } from '../../shared/protocol.ts'
import { counted } from '../../shared/text.ts'

export interface Findings {
  readonly bad: readonly Finding[]
  /** What cannot be told from here. */
  readonly unknown: readonly Finding[]
  readonly fine: readonly Finding[]
}

export const toFindings = (all: readonly Finding[]): Findings => ({
  bad: all.filter((one) => one.isWell === false),
  unknown: all.filter((one) => one.isWell === null),
  fine: all.filter((one) => one.isWell === true),
})

export function headlineOf({ bad, unknown, fine }: Findings): string {
  if (bad.length > 0) return counted(bad.length, 'thing is wrong', 'things are wrong')
  return unknown.length > 0 || fine.length === 0 ? 'Nothing is found wrong' : 'All is fine'
}
