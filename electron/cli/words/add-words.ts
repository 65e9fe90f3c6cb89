/** The commands about commands: help, version, completion, the man page. */
import type { Add } from './add.ts'
import type { CoordCommand } from './command.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { VERSION } from '../../../shared/version.ts'
import { isShell, scriptFor, shells } from '../completion/scripts.ts'
import { result, write } from '../output.ts'
import { bold, line } from '../terminal/text.ts'
import { TOPICS } from './topics.ts'

export function addWords(add: Add): void {
  addHelp(add)
  addCompletion(add)
  addVersion(add)
  addHidden(add)
}

function addHelp({ program, action }: Add): void {
  program.helpCommand(false)
  program
    .command('help')
    .helpGroup('Learn')
    .description('Show the page of a command, or one of the topics')
    .argument('[words...]', `a command, or a topic: ${Object.keys(TOPICS).join(', ')}`)
    .says({
      examples: [
        { line: 'coord help claim', says: 'a command' },
        { line: 'coord help queue list', says: 'a command of a group' },
        { line: 'coord help exit-codes', says: 'a topic' },
      ],
      completes: { words: 'topics' },
    })
    .action(action((_c, words: readonly string[]) => help(program, words), { isLenient: true }))
}

function addCompletion({ program, action }: Add): void {
  program
    .command('completion')
    .helpGroup('Learn')
    .description('Print the completion script of a shell')
    .argument('<shell>', shells.join(', '))
    .says({
      more: [
        'The packages install them. Elsewhere, put one line into the file that your shell reads at its start:',
        [
          'bash, ~/.bashrc:                     source <(coord completion bash)',
          'zsh, ~/.zshrc, behind compinit:      source <(coord completion zsh)',
          'fish, ~/.config/fish/config.fish:    coord completion fish | source',
          'PowerShell, $PROFILE:  coord completion powershell | Out-String | iex',
        ]
          .map((row) => `  ${row}`)
          .join('\n'),
      ],
      examples: [{ line: 'coord completion bash', says: 'the script, on stdout' }],
      completes: { shell: shells },
    })
    .action(
      action(
        async (_c, shell: string) => {
          if (!isShell(shell)) {
            const completion: CoordCommand = wordOf(program, 'completion')
            completion.unknownWord(shell, 'shell', shells)
          }
          await write(scriptFor(shell))
          return EXIT.done
        },
        { isLenient: true },
      ),
    )
}

function addVersion({ program, action }: Add): void {
  program
    .command('version')
    .helpGroup('Learn')
    .description('Show which version this is')
    .says({ examples: [{ line: 'coord version', says: 'as --version and -V' }] })
    .action(
      action(
        async () => {
          await result({ version: VERSION, node: process.versions.node, platform: process.platform }, VERSION)
          return EXIT.done
        },
        { isLenient: true },
      ),
    )
}

/** What the packages and the build ask for; no help page names it. */
function addHidden({ program, action }: Add): void {
  program
    .command('man', { hidden: true })
    .description('Print the man page')
    .action(
      action(
        async () => {
          const { manPage } = await import('./man-page.ts')
          await write(manPage(program))
          return EXIT.done
        },
        { isLenient: true },
      ),
    )
  program
    .command('write-words', { hidden: true })
    .description('Write the completion scripts and the man page into a folder; the build does')
    .argument('<folder>', 'where they are written')
    .action(
      action(
        async (_c, folder: string) => {
          const { writeWords } = await import('./write-words.ts')
          writeWords(program, folder)
          return EXIT.done
        },
        { isLenient: true },
      ),
    )
}

const wordOf = (command: CoordCommand, name: string): CoordCommand =>
  command.children.find((child) => child.name() === name) ?? command

/** The page of the command that the words lead to, or of a topic. */
async function help(program: CoordCommand, words: readonly string[]): Promise<ExitCode> {
  const helpCommand: CoordCommand = wordOf(program, 'help')
  const [first = ''] = words
  const topic = words.length === 1 && Object.hasOwn(TOPICS, first) ? TOPICS[first] : undefined
  if (topic) {
    await write(`${line`${bold(topic.title)}`.text}\n\n${topic.text}\n`)
    return EXIT.done
  }
  let at: CoordCommand = program
  for (const word of words) {
    const next = at.children.find((child) => child.name() === word)
    if (next === undefined)
      helpCommand.unknownWord(word, at === program ? 'command or topic' : `command of "${at.path}"`, [
        ...at.children.map((child) => child.name()),
        ...(at === program ? Object.keys(TOPICS) : []),
      ])
    at = next
  }
  await write(at.helpInformation())
  return EXIT.done
}
