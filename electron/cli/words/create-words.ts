/** All words of `coord`: one description, of which help, completion and the man page are made. */
import type { Add } from './add.ts'
import { addBoard } from './add-board.ts'
import { addLocks } from './add-locks.ts'
import { addMessages } from './add-messages.ts'
import { addOutbox } from './add-outbox.ts'
import type { RunHook } from './add-hooks.ts'
import { addSetup } from './add-setup.ts'
import { addWords } from './add-words.ts'
import { TOPICS } from './topics.ts'

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
]

export function createWords(add: Add, runHook: RunHook): void {
  add.program
    .description('Coordination of AI coding sessions: queued calls, resource locks, messages.')
    .option('--json', 'print the result as one line of JSON')
    .option('--workspace <dir>', 'a project folder, instead of the configured ones (repeatable)', collect)
    .option('--session <name>', 'the session to act as, MACHINE/NAME')
    .option('--no-color', 'no colours')
    .option('-q, --quiet', 'no hints and no progress on stderr; errors stay')
    .option('--verbose', 'say on stderr what is asked of the API')
    .says({
      examples: [
        { line: 'coord status', says: 'what needs you, what waits, what is held' },
        { line: 'coord claim src/a.ts --project demo', says: 'before you change what others may change' },
        { line: 'coord doctor', says: 'is everything in place?' },
      ],
      exits: { 3: 'calls wait; nothing is lost', 4: '"flush" set calls aside' },
      environment: ['COORD_API_URL', 'COORD_SESSION', 'COORD_HOME', 'NO_COLOR'],
      topics: Object.keys(TOPICS),
      completes: { '--workspace': 'folders', '--session': 'sessions' },
    })
    .helpOption('-h, --help', 'show this page')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
  addOutbox(add)
  addLocks(add)
  addMessages(add)
  addBoard(add)
  addSetup(add, runHook)
  addWords(add)
}
