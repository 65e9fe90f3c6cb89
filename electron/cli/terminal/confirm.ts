/** A question before what cannot be taken back: on a terminal only, and never where the answer was given with the command. */
import { createInterface } from 'node:readline/promises'
import { EXIT, Stop } from '../exit.ts'
import { errorLine } from '../output.ts'

export interface Consent {
  /** `--yes`: the answer is there already. */
  readonly yes?: boolean
}

/** Whether somebody is there who could answer. */
const isSomebodyThere = (): boolean => process.stdin.isTTY && process.stderr.isTTY

/**
 * Returns where the person agrees, or nobody can be asked: a script's command is its own answer. Else the command ends with
 * exit 1. `preset`: what Enter means.
 */
export async function confirm(
  question: string,
  { yes }: Consent,
  preset: 'yes' | 'no' = 'no',
): Promise<void> {
  if (yes === true || !isSomebodyThere()) return
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answered = new Promise<string>((resolve) => {
      // Ctrl-C and Ctrl-D are a no
      lines.once('SIGINT', () => resolve('n')).once('close', () => resolve('n'))
      void lines
        .question(`${question} ${preset === 'yes' ? '[Y/n]' : '[y/N]'} `)
        .then(resolve, () => resolve('n'))
    })
    const answer = (await answered).trim().toLowerCase()
    if (answer === '' ? preset === 'yes' : answer === 'y' || answer === 'yes') return
  } finally {
    lines.close()
  }
  errorLine('Nothing was changed.')
  throw new Stop(EXIT.failed, '')
}
