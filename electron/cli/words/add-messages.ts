/** The commands of messages between sessions. */
import type { Add } from './add.ts'
import type { MessagesFlags, SendFlags } from '../commands/messages.ts'

export function addMessages(add: Add): void {
  addMessageList(add)
  addSend(add)
}

function addMessageList({ program, action }: Add): void {
  const messages = program
    .command('messages')
    .allowExcessArguments()
    .helpGroup('Every day')
    .description('List the unread messages of this machine')
    .option('--all', 'read ones and those of others, too')
    .option('--project <key>', 'of one project')
    .option('--limit <n>', 'at most so many, the newest')
    .option('--full', 'with their whole texts')
    .says({
      more: ['--session lists those of one session.'],
      examples: [
        { line: 'coord messages', says: 'what nobody has read yet' },
        { line: 'coord messages --full', says: 'with their texts' },
        { line: 'coord messages --session BOX/me --json', says: "one session's, for a script" },
      ],
      environment: ['COORD_API_URL', 'COORD_MACHINE'],
      topics: ['protocol'],
      completes: { '--project': 'projects' },
    })
    .action(
      action(async (c, flags: MessagesFlags) => (await import('../commands/messages.ts')).messages(c, flags)),
    )
  messages
    .command('read')
    .description('Mark messages read: the session they are meant for no longer gets them')
    .argument('<ids...>', 'IDs of "coord messages", or their beginning')
    .says({
      examples: [{ line: 'coord messages read 7c4d1b22', says: 'one message' }],
      exits: { 3: 'queued: the API is away' },
      completes: { ids: 'messages' },
    })
    .action(
      action(async (c, ids: readonly string[]) => (await import('../commands/messages.ts')).markRead(c, ids)),
    )
  messages
    .command('receipts')
    .description('Show who has read a message, and when')
    .argument('<id>', 'the message')
    .says({
      examples: [{ line: 'coord messages receipts 7c4d1b22', says: 'who has seen it' }],
      completes: { id: 'messages' },
    })
    .action(action(async (c, id: string) => (await import('../commands/messages.ts')).receipts(c, id)))
}

function addSend({ program, action }: Add): void {
  program
    .command('send')
    .helpGroup('Every day')
    .description('Send a message to a session, or to everyone')
    .option('--to <session>', 'the session, MACHINE/NAME')
    .option('--broadcast', 'to every session, instead of --to')
    .needs('--project <key>', 'the project')
    .needs('--subject <text>', 'what it is about, in one line')
    .option('--body <text>', 'the text; - reads it from stdin')
    .option('--body-file <file>', 'the text from a file')
    .option('--reply-to <id>', 'the message that it answers')
    .option('--expires <hours>', 'after this many hours nobody needs it any more')
    .says({
      examples: [
        {
          line: "coord send --to BOX/me --project demo --subject 'Ready for wiring' --body 'See src/a.ts'",
          says: 'to one session',
        },
        {
          line: 'git log -1 | coord send --broadcast --project demo --subject merged --body -',
          says: 'the text from a pipe',
        },
      ],
      exits: { 3: 'queued: the API is away, and it is sent as soon as it answers' },
      environment: ['COORD_SESSION'],
      topics: ['protocol'],
      completes: {
        '--to': 'sessions',
        '--project': 'projects',
        '--reply-to': 'messages',
        '--body-file': 'files',
      },
    })
    .action(action(async (c, flags: SendFlags) => (await import('../commands/messages.ts')).send(c, flags)))
}
