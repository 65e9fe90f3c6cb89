/** The man page, made of the same words as the help pages. */
import { Help, type Option } from 'commander'
import { VERSION } from '../../../shared/version.ts'
import type { CoordCommand } from './command.ts'
import { exitsOf, withPlainDefault } from './help-page.ts'
import { TOPICS, VARIABLES } from './topics.ts'

/** Text as roff reads it: no sign of it is a request or an escape. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .split('\n')
    .map((one) => (/^[.']/.test(one) ? `\\&${one}` : one))
    .join('\n')

const item = (term: string, text: string): readonly string[] => ['.TP', `.B ${roff(term)}`, roff(text || '-')]
const literal = (text: string): readonly string[] => ['.nf', roff(text), '.fi']

function optionItems(options: readonly Option[], command: CoordCommand): readonly string[] {
  const helper = new Help()
  return options
    .filter((option) => !option.hidden)
    .flatMap((option) =>
      item(
        option.flags,
        `${withPlainDefault(helper.optionDescription(option))}${command.isNeeded(option) ? ' (required)' : ''}`,
      ),
    )
}

/** A command and those of its group, each under its whole name. */
function commandSections(command: CoordCommand): readonly string[] {
  if (command.isHidden) return []
  const { more = [], examples = [], exits = {} } = command.facts
  return [
    `.SS ${roff(`${command.path} ${command.usage()}`.trim())}`,
    roff(`${command.description()}.`),
    ...more.flatMap((text) => ['.PP', roff(text)]),
    ...command.registeredArguments.flatMap((one) => item(one.name(), one.description)),
    ...optionItems(command.options, command),
    ...Object.entries(exits).flatMap(([code, text]) => item(`exit ${code}`, text)),
    ...(examples.length === 0
      ? []
      : ['.PP', ...literal(examples.map(({ line, says }) => `  # ${says}\n  $ ${line}`).join('\n'))]),
    ...command.children.flatMap(commandSections),
  ]
}

/** roff, for man(1). */
export function manPage(program: CoordCommand): string {
  const topics = Object.entries(TOPICS).filter(([name]) => name !== 'environment')
  return [
    `.TH COORD 1 "" "Coord Tray ${VERSION}" "User commands"`,
    '.SH NAME',
    `coord \\- ${roff(program.description().replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    '.B coord',
    roff('COMMAND [options]'),
    '.SH OPTIONS',
    'For every command:',
    ...optionItems(program.options, program),
    '.SH COMMANDS',
    ...program.children.flatMap(commandSections),
    '.SH EXIT STATUS',
    ...exitsOf(program).flatMap(([code, text]) => item(code, text)),
    '.SH ENVIRONMENT',
    ...Object.entries(VARIABLES).flatMap(([name, text]) => item(name, text)),
    ...topics.flatMap(([name, { title, text }]) => [
      `.SH ${roff(name.toUpperCase())}`,
      roff(`${title}.`),
      '.PP',
      ...literal(text),
    ]),
    '',
  ].join('\n')
}
