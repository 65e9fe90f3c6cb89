/** The commands of the queue: what waits, what became of it, and sending it. */
import type { Add } from './add.ts'
import type { CoordCommand } from './command.ts'
import type { FlushFlags } from '../commands/flush.ts'
import type { QueueAction, QueueFlags } from '../commands/queue.ts'

const WAITS = { 3: 'calls wait; nothing is lost' }

export function addOutbox(add: Add): void {
  addStatus(add)
  addFlush(add)
  addQueue(add)
  addEnqueue(add)
  addWatch(add)
}

function addStatus({ program, action }: Add): void {
  program
    .command('status')
    .helpGroup('Every day')
    .description('Show what needs you, what waits, and what is held; changes nothing')
    .says({
      examples: [
        { line: 'coord status', says: 'everything of this machine' },
        { line: 'coord status --json', says: 'the same for a script' },
      ],
      environment: ['COORD_API_URL', 'COORD_WORKSPACES'],
      topics: ['protocol', 'files'],
    })
    .action(action(async (c) => (await import('../commands/status.ts')).status(c)))
}

function addFlush({ program, action }: Add): void {
  program
    .command('flush')
    .helpGroup('Every day')
    .description('Send the calls that wait in the queues, in their order')
    .option('--wait <s>', 'wait up to this many seconds where the API asks to wait', '30')
    .option('--lanes <n>', 'calls in flight at once; 1 keeps the order of the file', '1')
    .option('--dry-run', 'show what would be sent; contact nobody')
    .says({
      more: [
        'Ctrl-C ends it behind the call in flight, a second one at once. Nothing is lost either way: what was cut off is looked up before it is sent again.',
      ],
      examples: [
        { line: 'coord flush', says: 'send what waits here' },
        { line: 'coord flush --wait 0', says: 'without waiting, as a hook or a script would' },
        { line: 'coord flush --workspace ../other', says: "another project's queue" },
      ],
      exits: { 3: 'calls wait; nothing is lost', 4: 'this run set calls aside' },
      environment: ['COORD_API_URL', 'COORD_TOKEN', 'COORD_WORKSPACES'],
      topics: ['protocol', 'exit-codes'],
    })
    .action(action(async (c, flags: FlushFlags) => (await import('../commands/flush.ts')).flush(c, flags)))
}

function addEnqueue({ program, action }: Add): void {
  program
    .command('enqueue')
    .helpGroup('Queue')
    .description("Append one call to this project's queue, without contact")
    .argument('<method>', 'POST, PUT, PATCH or DELETE')
    .argument('<path>', 'below /api/coord/')
    .option('--body <json>', 'the body; - reads it from stdin')
    .option('--body-file <file>', 'the body from a file')
    .says({
      examples: [
        {
          line: `coord enqueue PUT /api/coord/components/demo/server --body '{"state":"deployed"}'`,
          says: 'say what was deployed, as soon as the API is there',
        },
        {
          line: 'echo \'{"status":"completed"}\' | coord enqueue PATCH /api/coord/work-items/ID --body -',
          says: 'the body from a pipe',
        },
      ],
      topics: ['protocol', 'files'],
      completes: { method: ['POST', 'PUT', 'PATCH', 'DELETE'], '--body-file': 'files' },
    })
    .action(
      action(async (c, method: string, path: string, flags: { body?: string; bodyFile?: string }) =>
        (await import('../commands/enqueue.ts')).enqueue(c, method, path, flags),
      ),
    )
}

function addWatch({ program, action }: Add): void {
  program
    .command('watch')
    .helpGroup('Set up')
    .description('Run the engine without a window: send, poll, print one event a line')
    .says({
      more: ['Ends with Ctrl-C, or when nobody reads its output any more.'],
      examples: [{ line: 'coord watch --json', says: 'events for a script' }],
      environment: ['COORD_API_URL', 'COORD_WORKSPACES'],
    })
    .action(action(async (c) => (await import('../commands/watch.ts')).watch(c), { opensEngine: true }))
}

function addQueue({ program, action }: Add): void {
  const queue = program
    .command('queue')
    .helpGroup('Queue')
    .description('Deal with the calls that need a person: set aside, or skipped')
    .says({ topics: ['protocol'] })
  addQueueLooks(queue, action)
  addQueueActs(queue, action)
}

const ids = { ids: 'calls' } as const
const some = 'which calls: their IDs in "coord queue list"'
/** A command for calls that are named. */
const run = (action: Add['action'], name: QueueAction) =>
  action(async (c, names: readonly string[], flags: QueueFlags) =>
    (await import('../commands/queue.ts')).queue(c, name, names, flags),
  )

/** What changes nothing. */
function addQueueLooks(queue: CoordCommand, action: Add['action']): void {
  queue
    .command('list')
    .description('List the calls that need you, or those that wait')
    .option('--waiting', 'those that wait to be sent, instead')
    .option('--all', 'both')
    .option('--limit <n>', 'at most so many')
    .says({
      examples: [
        { line: 'coord queue list', says: 'what was set aside or skipped, and why' },
        { line: 'coord queue list --waiting', says: 'what is sent next, in its order' },
      ],
    })
    .action(
      action(async (c, flags: QueueFlags) =>
        (await import('../commands/queue.ts')).queue(c, 'list', [], flags),
      ),
    )
  queue
    .command('show')
    .description('Show calls whole')
    .argument('[ids...]', some)
    .option('--all', 'all of them')
    .says({
      examples: [{ line: 'coord queue show 1.136', says: 'one call with its body' }],
      completes: ids,
    })
    .action(run(action, 'show'))
}

/** What deals with them: sent again, changed, given to curl, forgotten. */
function addQueueActs(queue: CoordCommand, action: Add['action']): void {
  queue
    .command('send')
    .description('Send calls anyway, with a new key')
    .argument('[ids...]', some)
    .option('--all', 'all of them')
    .option('--dry-run', 'say what would be sent')
    .says({
      examples: [{ line: 'coord queue send 1.136', says: 'try one again' }],
      exits: WAITS,
      completes: ids,
    })
    .action(run(action, 'send'))
  queue
    .command('edit')
    .description('Change a call in your editor and send it, with a new key')
    .argument('<id>', 'which call')
    .option('--line <json>', 'the new line, instead of an editor; - reads it from stdin')
    .says({
      examples: [
        { line: 'coord queue edit 1.136', says: 'open it in $VISUAL or $EDITOR' },
        { line: "coord queue edit 1.136 --line '{…}'", says: 'without an editor' },
      ],
      environment: ['VISUAL'],
      completes: { id: 'calls' },
    })
    .action(
      action(async (c, id: string, flags: QueueFlags) =>
        (await import('../commands/queue.ts')).queue(c, 'edit', [id], flags),
      ),
    )
  queue
    .command('curl')
    .description('Print calls as curl lines')
    .argument('[ids...]', some)
    .option('--all', 'all of them')
    .says({ examples: [{ line: 'coord queue curl 1.136', says: 'to try it by hand' }], completes: ids })
    .action(run(action, 'curl'))
  queue
    .command('discard')
    .description('Forget calls; they cannot be brought back')
    .argument('[ids...]', some)
    .option('--all', 'all of them')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be forgotten')
    .says({
      more: ['Asks first on a terminal. In a script it acts at once.'],
      examples: [
        { line: 'coord queue discard --all --dry-run', says: 'look first' },
        { line: 'coord queue discard --all --yes', says: 'without a question' },
      ],
      completes: ids,
    })
    .action(run(action, 'discard'))
}
