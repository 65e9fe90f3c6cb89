/** The commands of resource locks. */
import type { Add } from './add.ts'
import type { ClaimFlags, LocksFlags, ReleaseFlags } from '../commands/locks.ts'

const QUEUED = { 3: 'queued: the API is away, and it is done as soon as it answers' }
const ID = 'IDs of "coord locks", or their beginning'

export function addLocks(add: Add): void {
  addLockList(add)
  addClaim(add)
  addRenew(add)
  addRelease(add)
  addGuard(add)
}

function addLockList({ program, action }: Add): void {
  program
    .command('locks')
    .helpGroup('Every day')
    .description('List the resource locks of this machine')
    .option('--all', 'those of every machine')
    .option('--project <key>', 'of one project')
    .option('--limit <n>', 'at most so many')
    .says({
      more: ['--session lists those of one session.'],
      examples: [
        { line: 'coord locks --all', says: 'who holds what, everywhere' },
        { line: 'coord locks --all --project demo', says: 'in one project' },
      ],
      environment: ['COORD_API_URL', 'COORD_MACHINE'],
      topics: ['protocol'],
      completes: { '--project': 'projects' },
    })
    .action(action(async (c, flags: LocksFlags) => (await import('../commands/locks.ts')).locks(c, flags)))
}

function addClaim({ program, action }: Add): void {
  program
    .command('claim')
    .helpGroup('Every day')
    .description('Claim a resource lock')
    .argument('<resource>', 'what others may not change meanwhile: a file, a folder "src/", "git:main"')
    .needs('--project <key>', 'the project')
    .option('--ttl <hours>', 'how long it holds; 0 never expires', '2')
    .option('--description <text>', 'what for')
    .option('--wait <s>', 'wait up to this many seconds for it where another session holds it')
    .says({
      examples: [
        { line: 'coord claim src/a.ts --project demo', says: 'a file for two hours' },
        { line: 'coord claim git:main --project demo --description merging', says: 'and what for' },
        { line: 'coord claim src/b.ts --project demo --wait 60', says: 'wait for whoever holds it' },
      ],
      exits: { 1: 'another session holds it, or the API refused it', ...QUEUED },
      environment: ['COORD_SESSION'],
      topics: ['protocol'],
      completes: { '--project': 'projects', resource: 'files' },
    })
    .action(
      action(async (c, resource: string, flags: ClaimFlags) =>
        (await import('../commands/locks.ts')).claim(c, resource, flags),
      ),
    )
}

function addRenew({ program, action }: Add): void {
  program
    .command('renew')
    .helpGroup('Coordination')
    .description('Keep resource locks: their session is still at work')
    .argument('<ids...>', ID)
    .says({
      examples: [{ line: 'coord renew 3f2a9c1e', says: 'before it turns stale' }],
      exits: { 1: 'one of them is lost' },
      completes: { ids: 'locks' },
    })
    .action(action(async (c, ids: readonly string[]) => (await import('../commands/locks.ts')).renew(c, ids)))
}

function addRelease({ program, action }: Add): void {
  program
    .command('release')
    .helpGroup('Every day')
    .description('Release resource locks: by ID, all of a session, or all of this machine')
    .argument('[ids...]', ID)
    .option(
      '--mine',
      'all of this machine, whichever session holds them; with IDs: those, whichever of its sessions holds them',
    )
    .option('--force', "also another machine's, where it is stale")
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be released')
    .says({
      more: [
        'With --session and no ID: all that the session holds. Asks first on a terminal where it is more than the named locks of your own session; in a script it acts at once.',
      ],
      examples: [
        { line: 'coord release 3f2a9c1e', says: 'one lock' },
        { line: 'coord release --session BOX/me --yes', says: 'all of a session, at its end' },
        { line: 'coord release --mine --dry-run', says: 'what would go' },
      ],
      exits: { 1: 'one of them was not released', ...QUEUED },
      environment: ['COORD_SESSION'],
      topics: ['protocol'],
      completes: { ids: 'locks' },
    })
    .action(
      action(async (c, ids: readonly string[], flags: ReleaseFlags) =>
        (await import('../commands/locks.ts')).release(c, ids, flags),
      ),
    )
}

function addGuard({ program, action }: Add): void {
  const guard = program
    .command('guard')
    .helpGroup('Coordination')
    .description('Ask whose the files are that you are about to change')
    .says({ topics: ['hooks'] })
  guard
    .command('check')
    .description('Say of each file whether another session holds it; claims nothing')
    .argument('[paths...]', 'files or folders')
    .option('--staged', 'the files that are about to be committed')
    .says({
      examples: [
        { line: 'coord guard check src/a.ts', says: 'one file' },
        { line: 'coord guard check --staged', says: 'in a pre-commit hook' },
      ],
      exits: { 1: 'another session holds one of them' },
      topics: ['hooks'],
      completes: { paths: 'files' },
    })
    .action(
      action(async (c, paths: readonly string[], flags: { staged?: boolean }) =>
        (await import('../commands/guard.ts')).guardCheck(c, paths, flags),
      ),
    )
}
