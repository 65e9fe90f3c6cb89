/** The commands of the board: components, workflows, work items. */
import type { Add } from './add.ts'
import type { CoordCommand } from './command.ts'

const STATES = ['building', 'built', 'deploying', 'deployed', 'degraded', 'failed', 'unknown']
const FLOW_STATES = ['planning', 'active', 'blocked', 'completed', 'cancelled']
const ITEM_STATES = ['pending', 'in_progress', 'blocked', 'completed', 'cancelled']
const QUEUED = { 3: 'queued: the API is away' }

export function addBoard(add: Add): void {
  addComponents(add)
  addWorkflows(add)
  addItems(add)
}

function addComponents({ program, action }: Add): void {
  const component = program
    .command('component')
    .helpGroup('Coordination')
    .description('Say and see the states of components')
  component
    .command('set')
    .description('Say which state a component is in')
    .argument('<project>', 'the project')
    .argument('<name>', 'the component')
    .argument('<state>', `${STATES.join(', ')}, or any other word`)
    .option('--version <v>', 'which version of it')
    .option('--notes <text>', 'a remark')
    .says({
      examples: [
        { line: 'coord component set demo server deployed --version 1.2', says: 'a deployment is done' },
      ],
      exits: QUEUED,
      completes: { project: 'projects', state: STATES },
    })
    .action(
      action(
        async (
          c,
          project: string,
          name: string,
          state: string,
          flags: { version?: string; notes?: string },
        ) => (await import('../commands/board.ts')).setComponent(c, project, name, state, flags),
      ),
    )
  component
    .command('list')
    .description('List the states of components')
    .argument('[project]', 'which project; all of them where left out')
    .option('--limit <n>', 'at most so many')
    .says({
      examples: [{ line: 'coord component list demo', says: 'of one project' }],
      completes: { project: 'projects' },
    })
    .action(
      action(async (c, project: string | undefined, flags: { limit?: string }) =>
        (await import('../commands/board.ts')).listComponents(c, project, flags),
      ),
    )
}

function addWorkflows({ program, action }: Add): void {
  const workflow = program
    .command('workflow')
    .helpGroup('Coordination')
    .description('Keep initiatives that span sessions')
  workflow
    .command('create')
    .description('Begin a workflow; prints its ID')
    .argument('<project>', 'the project')
    .argument('<name>', 'what it is called')
    .option('--description <text>', 'what it is for')
    .option('--status <word>', FLOW_STATES.join(', '), 'planning')
    .says({
      examples: [
        { line: "coord workflow create demo 'New login'", says: 'prints the ID that "item add" wants' },
      ],
      exits: QUEUED,
      completes: { project: 'projects', '--status': FLOW_STATES },
    })
    .action(
      action(async (c, project: string, name: string, flags: { description?: string; status: string }) =>
        (await import('../commands/board.ts')).createWorkflow(c, project, name, flags),
      ),
    )
  workflow
    .command('list')
    .description('List workflows')
    .argument('[project]', 'which project; all of them where left out')
    .option('--limit <n>', 'at most so many')
    .says({
      examples: [{ line: 'coord workflow list', says: 'of every project' }],
      completes: { project: 'projects' },
    })
    .action(
      action(async (c, project: string | undefined, flags: { limit?: string }) =>
        (await import('../commands/board.ts')).listWorkflows(c, project, flags),
      ),
    )
}

function addItems({ program, action }: Add): void {
  const item = program
    .command('item')
    .helpGroup('Coordination')
    .description('Keep the work items of a workflow')
  item
    .command('add')
    .description('Add a work item; prints its ID')
    .argument('<workflow>', 'the ID of the workflow, or its beginning')
    .argument('<title>', 'what is to be done')
    .option('--project <key>', "the project; its workflow's where left out")
    .option('--status <word>', ITEM_STATES.join(', '), 'pending')
    .option('--priority <n>', 'a number; what it means is up to you')
    .says({
      examples: [{ line: "coord item add 9b1c44d0 'Wire the form'", says: 'to a workflow' }],
      exits: QUEUED,
      completes: { workflow: 'workflows', '--project': 'projects', '--status': ITEM_STATES },
    })
    .action(
      action(
        async (
          c,
          id: string,
          title: string,
          flags: { project?: string; status: string; priority?: string },
        ) => (await import('../commands/board.ts')).addItem(c, id, title, flags),
      ),
    )
  item
    .command('set')
    .description('Change the status of a work item')
    .argument('<id>', 'the work item, or the beginning of its ID')
    .argument('<status>', ITEM_STATES.join(', '))
    .says({
      examples: [{ line: 'coord item set 5e0f7a31 completed', says: 'it is done' }],
      exits: QUEUED,
      completes: { id: 'items', status: ITEM_STATES },
    })
    .action(
      action(async (c, id: string, status: string) =>
        (await import('../commands/board.ts')).setItem(c, id, status),
      ),
    )
  addItemClaim(item, action)
  addItemList(item, action)
}

function addItemClaim(item: CoordCommand, action: Add['action']): void {
  item
    .command('claim')
    .description('Take a work item: of two who claim it, one has it')
    .argument('<id>', 'the work item, or the beginning of its ID')
    .option('--from <status>', 'only where it has this status', 'pending')
    .says({
      examples: [{ line: 'coord item claim 5e0f7a31', says: 'for the acting session' }],
      exits: { 1: 'another session has it', ...QUEUED },
      environment: ['COORD_SESSION'],
      completes: { id: 'items', '--from': ITEM_STATES },
    })
    .action(
      action(async (c, id: string, flags: { from: string }) =>
        (await import('../commands/board.ts')).claimItem(c, id, flags.from),
      ),
    )
}

function addItemList(item: CoordCommand, action: Add['action']): void {
  item
    .command('list')
    .description('List work items')
    .argument('[workflow]', 'which workflow, by its ID or the beginning of it; all of them where left out')
    .option('--limit <n>', 'at most so many')
    .says({
      examples: [{ line: 'coord item list 9b1c44d0', says: 'of one workflow' }],
      completes: { workflow: 'workflows' },
    })
    .action(
      action(async (c, id: string | undefined, flags: { limit?: string }) =>
        (await import('../commands/board.ts')).listItems(c, id, flags),
      ),
    )
}
