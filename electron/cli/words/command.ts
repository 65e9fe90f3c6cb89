/** A command of `coord` with all that is said of it: its help page, the man page and completion are made from this alone. */
import { Command, Option, type Argument } from 'commander'
import { closest } from './closest.ts'
import type { Described, Facts } from './facts.ts'
import { HelpPage } from './help-page.ts'

/** An empty value means something here: it clears the text. */
const MAY_BE_EMPTY = new Set(['--body', '--notes', '--description'])

export class CoordCommand extends Command implements Described {
  facts: Facts = {}
  readonly #needed = new Set<Option>()

  override createCommand(name?: string): CoordCommand {
    return new CoordCommand(name)
  }
  override createHelp(): HelpPage {
    return Object.assign(new HelpPage(), this.configureHelp())
  }

  says(facts: Facts): this {
    this.facts = facts
    return this
  }

  /** An option that must be given; looked for after what is unknown, so that a slip of the fingers is named first. */
  needs(flags: string, text: string): this {
    const option = new Option(flags, text)
    this.#needed.add(option)
    return this.addOption(option)
  }
  isNeeded(option: Option): boolean {
    return this.#needed.has(option)
  }

  /** The words that lead to it: `coord queue list`. */
  get path(): string {
    return this.parent instanceof CoordCommand ? `${this.parent.path} ${this.name()}` : this.name()
  }
  get children(): readonly CoordCommand[] {
    return this.commands.filter((one) => one instanceof CoordCommand)
  }
  get isHidden(): boolean {
    return (this as unknown as { readonly _hidden?: boolean })._hidden === true
  }

  /** The usage line behind the name, with what must be given. */
  override usage(): string
  override usage(text: string): this
  override usage(text?: string): string | this {
    if (text !== undefined) return super.usage(text)
    const needed = this.options.filter((one) => this.#needed.has(one)).map((one) => one.flags)
    const optional = this.options.some((one) => !this.#needed.has(one) && !one.hidden)
    const group = this.commands.length > 0
    return [
      ...this.registeredArguments.map(argumentWord),
      ...needed,
      ...(group ? [this.hasAction ? '[command]' : '<command>'] : []),
      ...(optional ? ['[options]'] : []),
    ].join(' ')
  }
  get hasAction(): boolean {
    return (this as unknown as { readonly _actionHandler: unknown })._actionHandler !== null
  }

  override error(message: string, options?: { exitCode?: number; code?: string }): never {
    const said = message.replace(/^error: /, '')
    return super.error(`coord: ${said}\nSee "${this.path} --help".`, options)
  }
  /** Commander's own names the word, and not what it may be. */
  missingArgument(name: string): never {
    const what = this.registeredArguments.find((one) => one.name() === name)?.description ?? ''
    return this.wrongUsage(`missing <${name}>${what === '' ? '' : ` (${what})`}`)
  }
  wrongUsage(message: string): never {
    return this.error(message, { exitCode: 2, code: 'coord.usage' })
  }
  unknownWord(word: string, what: string, candidates: readonly string[]): never {
    const near = closest(word, candidates)
    return this.wrongUsage(`unknown ${what} '${word}'${near === null ? '' : `\n(Did you mean ${near}?)`}`)
  }

  /** What commander does not look at: words behind a group's own action, empty values, and what must be given. */
  checkWords(): void {
    const [word] = this.args.slice(this.registeredArguments.length)
    const isOpen = this.registeredArguments.some((one) => one.variadic)
    if (this.commands.length > 0 && word !== undefined && !isOpen)
      this.unknownWord(
        word,
        'command',
        this.children.map((one) => one.name()),
      )
    this.registeredArguments.forEach((argument, i) => {
      const given: unknown = argument.variadic ? this.args.slice(i) : this.args[i]
      if (isEmpty(given)) this.wrongUsage(`<${argument.name()}> is empty`)
    })
    for (const at of withParents(this))
      for (const option of at.options)
        if (!MAY_BE_EMPTY.has(option.long ?? '') && isEmpty(at.getOptionValue(option.attributeName())))
          this.wrongUsage(`${option.long ?? option.flags} is empty`)
    const missing = [...this.#needed].filter(
      (option) => this.getOptionValue(option.attributeName()) === undefined,
    )
    if (missing.length > 0) this.wrongUsage(`missing ${missing.map((option) => option.flags).join(', ')}`)
  }
}

/** The command, its group, the program. */
const withParents = (command: Command): readonly Command[] => [
  command,
  ...(command.parent === null ? [] : withParents(command.parent)),
]

const isEmpty = (value: unknown): boolean =>
  typeof value === 'string' ? value.trim() === '' : Array.isArray(value) && value.some(isEmpty)

function argumentWord(argument: Argument): string {
  const name = argument.name() + (argument.variadic ? '...' : '')
  return argument.required ? `<${name}>` : `[${name}]`
}
