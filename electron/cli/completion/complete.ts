/**
 * `coord __complete AT WORDS…`: what may stand at word AT, as the completion scripts ask at each Tab. One candidate a line, its
 * text behind a tab; the last line says whether files or folders fit, too. Reads this machine's files alone.
 */
import type { Option } from 'commander'
import { oneLine } from '../terminal/text.ts'
import { write } from '../output.ts'
import type { CoordCommand } from '../words/command.ts'
import type { Source } from '../words/facts.ts'
import { describedProgram } from '../program.ts'
import { candidatesOf, type Candidate } from './candidates.ts'

interface Standing {
  readonly command: CoordCommand
  /** Words that are arguments of it. */
  readonly given: readonly string[]
  /** The flag whose value comes next. */
  readonly awaited: Option | null
}

const flagOf = (command: CoordCommand, word: string): { option: Option; owner: CoordCommand } | null => {
  const [name = ''] = word.split('=', 1)
  for (let at: CoordCommand | null = command; at !== null; at = at.parent as CoordCommand | null) {
    const option = at.options.find((one) => one.long === name || one.short === name)
    if (option) return { option, owner: at }
  }
  return null
}
const takesValue = (option: Option): boolean => option.required || option.optional

/** Where the words before the cursor lead. */
function standAt(program: CoordCommand, words: readonly string[]): Standing {
  let command = program
  let given: string[] = []
  let awaited: Option | null = null
  for (const word of words) {
    if (awaited !== null) {
      awaited = null
      continue
    }
    if (word.startsWith('-') && word !== '-') {
      const found = flagOf(command, word)
      if (found && takesValue(found.option) && !word.includes('=')) awaited = found.option
      continue
    }
    const child = given.length === 0 ? command.children.find((one) => one.name() === word) : undefined
    if (child) {
      command = child
      given = []
    } else given.push(word)
  }
  return { command, given, awaited }
}

interface Offer {
  readonly candidates: readonly Candidate[]
  readonly how: 'none' | 'files' | 'folders'
}
const NOTHING: Offer = { candidates: [], how: 'none' }

const fromSource = (source: Source | undefined, current: string): Offer =>
  source === undefined
    ? NOTHING
    : {
        candidates: candidatesOf(source, current),
        how: source === 'files' || source === 'folders' ? source : 'none',
      }

const sourceOf = (command: CoordCommand, option: Option): Source | undefined => {
  const found = flagOf(command, option.long ?? '')
  return found?.owner.facts.completes?.[option.long ?? '']
}

const flagsOf = (command: CoordCommand): readonly Candidate[] => {
  const all: Candidate[] = [{ value: '--help', text: 'show the page of this command' }]
  for (let at: CoordCommand | null = command; at !== null; at = at.parent as CoordCommand | null)
    for (const option of at.options)
      if (!option.hidden && option.long) all.push({ value: option.long, text: option.description })
  return all
}

const childrenOf = (command: CoordCommand): readonly Candidate[] =>
  command.children
    .filter((child) => !child.isHidden)
    .map((child) => ({ value: child.name(), text: child.description() }))

/** `help WORDS…` leads through the commands like the commands themselves. */
function offerHelp(program: CoordCommand, given: readonly string[], current: string): Offer {
  const { command } = standAt(program, given)
  const topics = given.length === 0 ? candidatesOf('topics', current) : []
  return { candidates: [...childrenOf(command), ...topics], how: 'none' }
}

function offer(program: CoordCommand, before: readonly string[], current: string): Offer {
  const { command, given, awaited } = standAt(program, before)
  if (awaited !== null) return fromSource(sourceOf(command, awaited), current)
  const [flag = '', ...rest] = current.split('=')
  if (flag.startsWith('--') && rest.length > 0) {
    const found = flagOf(command, flag)
    const values = found ? fromSource(sourceOf(command, found.option), rest.join('=')) : NOTHING
    return {
      candidates: values.candidates.map((one) => ({ ...one, value: `${flag}=${one.value}` })),
      how: values.how,
    }
  }
  if (current.startsWith('-')) return { candidates: flagsOf(command), how: 'none' }
  if (command.name() === 'help') return offerHelp(program, given, current)
  const places = command.registeredArguments
  const place = places[given.length] ?? (places.at(-1)?.variadic === true ? places.at(-1) : undefined)
  const fitting = fromSource(command.facts.completes?.[place?.name() ?? ''], current)
  const children = given.length === 0 ? childrenOf(command) : []
  return { candidates: [...children, ...fitting.candidates], how: fitting.how }
}

/** Prints what fits; nothing that is wrong here is worth a word in the middle of somebody's typing. */
export async function complete([at = '0', ...words]: readonly string[]): Promise<number> {
  const current = words[Number(at)] ?? ''
  const { candidates, how } = offer(describedProgram(), words.slice(0, Number(at)), current)
  const lines = candidates
    .filter(({ value }) => value.startsWith(current))
    .map(({ value, text }) => (text === '' ? oneLine(value) : `${oneLine(value)}\t${oneLine(text)}`))
  await write([...lines, `:${how}`, ''].join('\n'))
  return 0
}
