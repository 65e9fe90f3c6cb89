/** The page of a command: usage with what must be given, examples, exit codes, environment, and where to read on. */
import { Help, type Command, type Option } from 'commander'
import { bold, dim } from '../terminal/text.ts'
import { isDescribed, type Described } from './facts.ts'
import { VARIABLES } from './topics.ts'

type Item = readonly [term: string, text: string]
const EXITS: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed, or refused by the API',
  2: 'wrong usage; nothing was done',
}
const WIDEST_TERM = 34

/** A default as it is typed: commander writes it as JSON. */
export const withPlainDefault = (description: string): string =>
  description.replace(/default: "([^"]*)"/, 'default: $1')

/** Exit codes of a command with their meaning, in order. */
export const exitsOf = (command: Described): readonly Item[] =>
  Object.entries({ ...EXITS, ...command.facts.exits }).map(([code, text]) => [code, text])

export const environmentOf = (command: Described): readonly Item[] =>
  (command.facts.environment ?? []).map((name) => [name, VARIABLES[name] ?? ''])

export class HelpPage extends Help {
  override formatHelp(command: Command, helper: Help): string {
    if (!isDescribed(command)) return super.formatHelp(command, helper)
    const { more = [], examples = [], topics = [] } = command.facts
    const isTop = command.parent === null
    const groups = new Map<string, (Command & Described)[]>()
    for (const one of command.children.filter((child) => !child.isHidden))
      groups.set(one.helpGroup() || 'Commands', [...(groups.get(one.helpGroup() || 'Commands') ?? []), one])
    const sections = [
      [`${bold('Usage:').text} ${command.path} ${command.usage()}`.trimEnd()],
      [`${command.description().replace(/\.$/, '')}.`],
      ...more.map((text) => [helper.boxWrap(text, this.#width)]),
      ...[...groups].map(([name, list]) =>
        this.#items(
          name,
          list.map((one) => [one.name(), one.description()]),
        ),
      ),
      this.#items(
        'Arguments',
        helper.visibleArguments(command).map((one) => [one.name(), helper.argumentDescription(one)]),
      ),
      this.#options('Options', command, helper.visibleOptions(command), helper),
      isTop ? [] : this.#options('Global options', command, helper.visibleGlobalOptions(command), helper),
      this.#section(
        'Examples',
        examples.flatMap(({ line, says }) => [`  ${dim(`# ${says}`).text}`, `  $ ${line}`]),
      ),
      command.hasAction || isTop ? this.#items('Exit codes', exitsOf(command)) : [],
      this.#items('Environment', environmentOf(command)),
      this.#section('Learn more', [
        ...(isTop ? ['  coord COMMAND --help, or coord help COMMAND'] : []),
        ...topics.map((topic) => `  coord help ${topic}`),
      ]),
    ]
    return `${sections
      .filter((section) => section.length > 0)
      .map((section) => section.join('\n'))
      .join('\n\n')}\n`
  }

  /** Those of the program: what a group's own list is narrowed by is nothing to its commands. */
  override visibleGlobalOptions(command: Command): Option[] {
    const options = super.visibleGlobalOptions(command)
    let top = command
    while (top.parent !== null) top = top.parent
    return options.filter((option) => top.options.includes(option))
  }

  override optionDescription(option: Option): string {
    return withPlainDefault(super.optionDescription(option))
  }

  get #width(): number {
    return Math.min(this.helpWidth ?? 80, 100)
  }

  #section(title: string, rows: readonly string[]): readonly string[] {
    return rows.length === 0 ? [] : [bold(title).text, ...rows]
  }

  #options(title: string, command: Described, options: readonly Option[], helper: Help): readonly string[] {
    return this.#items(
      title,
      options.map((option) => [
        helper.optionTerm(option),
        `${helper.optionDescription(option)}${command.isNeeded(option) ? ' (required)' : ''}`,
      ]),
    )
  }

  /** Terms in a column, their texts beside them; beneath, where a term is longer than most. */
  #items(title: string, items: readonly Item[]): readonly string[] {
    const widest = Math.max(...items.map(([term]) => term.length).filter((n) => n <= WIDEST_TERM), 0)
    const indent = ' '.repeat(widest + 4)
    return this.#section(
      title,
      items.flatMap(([term, text]) => {
        const [first = '', ...rest] = this.boxWrap(text, Math.max(30, this.#width - widest - 4)).split('\n')
        const below = rest.map((one) => indent + one)
        return term.length > widest
          ? [`  ${term}`, indent + first, ...below]
          : [`  ${term.padEnd(widest)}  ${first}`.trimEnd(), ...below]
      }),
    )
  }
}
