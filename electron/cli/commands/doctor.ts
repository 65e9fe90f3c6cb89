/** `coord doctor`: looks at each thing that must be in place, says what it found and what to do. Changes nothing. */
import { diskWords } from '../../../shared/data-folder.ts'
import type { Context } from '../context.ts'
import { checkApi } from '../doctor/check-api.ts'
import { checkMachine } from '../doctor/check-machine.ts'
import { checkQueues } from '../doctor/check-queues.ts'
import { checkSessions } from '../doctor/check-sessions.ts'
import { bad, type Finding, type Group } from '../doctor/finding.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { result, sayWhileWaiting } from '../output.ts'
import { terminalWidth } from '../terminal/table.ts'
import { bold, green, line, lines, red, type Piece, type Shown } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'

const WIDEST = 100

type Look = (context: Context) => readonly Finding[] | Promise<readonly Finding[]>
const LOOKS: readonly (readonly [title: string, look: Look])[] = [
  ['This machine', checkMachine],
  ['Queues', checkQueues],
  ['Coordination API', checkApi],
  ['AI sessions here', checkSessions],
]

export async function doctor(context: Context): Promise<ExitCode> {
  const groups: Group[] = []
  for (const [title, look] of LOOKS) {
    const end = sayWhileWaiting(() => `coord: looking at: ${title} …`)
    try {
      groups.push({ title, findings: await look(context) })
    } catch (error) {
      // what cannot even be looked at is itself found
      groups.push({ title, findings: [bad(title, diskWords(error), null)] })
    } finally {
      end()
    }
  }
  const all = groups.flatMap(({ findings }) => findings)
  const wrong = all.filter(({ ok }) => !ok).length
  await result(all, () => textOf(groups, wrong))
  return wrong === 0 ? EXIT.done : EXIT.failed
}

function textOf(groups: readonly Group[], wrong: number): Shown {
  const widest = Math.max(...groups.flatMap(({ findings }) => findings.map(({ check }) => check.length)))
  return lines([
    ...groups.flatMap(({ title, findings }) => [
      line`${bold(title)}`,
      ...findings.flatMap((one) => findingText(one, widest)),
      line``,
    ]),
    wrong === 0
      ? green('Everything is in place.')
      : red(`${wrong === 1 ? 'One thing needs' : `${wrong} things need`} you: see BAD.`),
  ])
}

function findingText({ check, ok, detail, fix }: Finding, widest: number): readonly Piece[] {
  const indent = widest + 8
  const width = Math.max(30, Math.min(WIDEST, terminalWidth()) - indent)
  const [first = '', ...rest] = wrap(detail, width)
  const beneath = [...rest, ...(fix === null ? [] : wrap(`→ ${fix}`, width))]
  return [
    line`  ${ok ? green('ok ') : red('BAD')} ${check.padEnd(widest)}  ${first}`,
    ...beneath.map((text) => line`${' '.repeat(indent)}${text}`),
  ]
}
