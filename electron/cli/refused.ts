/** What the API refused, said in the same way by each command. */
import { EXIT, type ExitCode } from './exit.ts'
import { refusal } from './output.ts'
import { oneLine } from './terminal/text.ts'

export async function refused(outcome: {
  readonly status: number
  readonly detail: string
}): Promise<ExitCode> {
  await refusal(
    { error: { status: outcome.status, detail: outcome.detail } },
    `the API refused it (${outcome.status}): ${oneLine(outcome.detail)}`,
  )
  return EXIT.failed
}
