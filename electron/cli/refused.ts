/** What the API refused, said in the same way by each command. */
import { EXIT, type ExitCode } from './exit.ts'
import { refusal } from './output.ts'
import { oneLine } from './terminal/text.ts'

interface Refused {
  readonly status: number
  /** The API's own words. */
  readonly detail: string
}

/** One clause for a person: `the API refused it (422): …`. */
export const refusedWords = ({ status, detail }: Refused): string =>
  `the API refused it (${status}): ${oneLine(detail)}`

export async function refused(outcome: Refused): Promise<ExitCode> {
  const { status, detail } = outcome
  await refusal({ error: { status, detail } }, refusedWords(outcome))
  return EXIT.failed
}
