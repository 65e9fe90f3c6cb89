/** The commands about a server of one's own or a team's: serve it, who may reach it, join it. */
import type { ServeFlags } from '../commands/serve.ts'
import type { TokenFlags } from '../commands/token.ts'
import type { Add } from './add.ts'

export function addServer(add: Add): void {
  addServe(add)
  addToken(add)
  addJoin(add)
}

function addServe({ program, action }: Add): void {
  program
    .command('serve')
    .helpGroup('Set up')
    .description('Serve the coordination API on this machine, or to a team')
    .option('--host <address>', 'where to listen; beyond loopback it demands tokens', '127.0.0.1')
    .option('--port <n>', 'its port; 0 takes any free one')
    .option(
      '--database <place>',
      'a file, or mariadb://USER@HOST/DATABASE; coord.db in COORD_HOME where left out',
    )
    .option('--no-token', 'beyond loopback: let everybody act as anybody')
    .option('--tls-cert <file>', 'serve TLS with this certificate (PEM)')
    .option('--tls-key <file>', 'and this key')
    .option('--proxy <url>', 'the address of a proxy in front of it; demands tokens, too')
    .option('--proxy-from <addresses>', 'from where that proxy calls; this machine where left out')
    .option(
      '--proxy-header <name>',
      'where it says who called it: x-forwarded-for (if left out), or forwarded',
    )
    .option('--host-name <names>', 'more names by which it is called, separated by commas')
    .option('--log <form>', 'text, or json: one object a line', 'text')
    .option('--import <file>', "take an embedded database's rows into this one, say what was taken, and end")
    .option('--backup <file>', 'write a copy of the database and end')
    .option('--restore <file>', 'put a copy in the place of the database, keep what was there, and end')
    .option('--until-stdin-closes', 'end when the parent goes')
    .says({
      more: [
        'Prints where it listens as soon as it answers, and ends with Ctrl-C. Where another process of yours serves there already, it stands by and takes over when that one ends.',
      ],
      examples: [
        { line: 'coord serve', says: 'for the sessions of this machine' },
        { line: 'coord serve --backup copy.db', says: 'a copy, while it serves' },
        {
          line: 'coord serve --host 0.0.0.0 --tls-cert c.pem --tls-key k.pem --database mariadb://coord@db/coord',
          says: "a team's",
        },
      ],
      environment: ['COORD_PORT', 'COORD_TOKEN', 'COORD_HOME', 'COORD_DATABASE_PASSWORD'],
      topics: ['protocol', 'files'],
      completes: {
        '--database': 'files',
        '--backup': 'files',
        '--restore': 'files',
        '--import': 'files',
        '--tls-cert': 'files',
        '--tls-key': 'files',
        '--proxy-header': ['x-forwarded-for', 'forwarded'],
        '--log': ['text', 'json'],
      },
    })
    .action(action(async (c, flags: ServeFlags) => (await import('../commands/serve.ts')).serve(c, flags)))
}

const DATABASE = [
  '--database <place>',
  'as "coord serve" has it; coord.db in COORD_HOME where left out',
] as const

function addToken({ program, action }: Add): void {
  const token = program
    .command('token')
    .helpGroup('Set up')
    .description("Say which machines may reach a team's server: run it where the server runs")
    .says({
      more: [
        'A token acts for the sessions of one machine only. The server keeps its hash; a revoked one does nothing after a second.',
      ],
    })
  token
    .command('add')
    .description('Make a token for a machine, and show it once')
    .argument('<machine>', 'its name, as in MACHINE/NAME')
    .option('--admin', 'it may act as everybody, and force releases')
    .option(...DATABASE)
    .says({
      examples: [{ line: 'coord token add BOX', says: 'then, on BOX: coord join URL' }],
      environment: ['COORD_DATABASE_PASSWORD'],
      completes: { '--database': 'files' },
    })
    .action(
      action(async (c, machine: string, flags: TokenFlags) =>
        (await import('../commands/token.ts')).addToken(c, machine, flags),
      ),
    )
  token
    .command('list')
    .description('List whose tokens there are, without the tokens')
    .option(...DATABASE)
    .says({
      examples: [{ line: 'coord token list', says: 'also those that were revoked' }],
      completes: { '--database': 'files' },
    })
    .action(
      action(async (c, flags: TokenFlags) => (await import('../commands/token.ts')).listTokens(c, flags)),
    )
  token
    .command('revoke')
    .description('Revoke all tokens of a machine')
    .argument('<machine>', 'its name')
    .option('--yes', 'do not ask')
    .option(...DATABASE)
    .says({
      more: ['Asks first on a terminal. In a script it acts at once.'],
      examples: [{ line: 'coord token revoke BOX', says: 'its sessions get 401 from then on' }],
      completes: { '--database': 'files' },
    })
    .action(
      action(async (c, machine: string, flags: TokenFlags) =>
        (await import('../commands/token.ts')).revokeTokens(c, machine, flags),
      ),
    )
}

function addJoin({ program, action }: Add): void {
  program
    .command('join')
    .helpGroup('Set up')
    .description("Use a team's server from this machine")
    .argument('<url>', 'its address, https://NAME')
    .says({
      more: [
        'Asks for the token, or reads it from a pipe, and keeps it in COORD_HOME for that address only.',
      ],
      examples: [{ line: 'coord join https://coord.example', says: 'the token is asked for' }],
      environment: ['COORD_TOKEN', 'COORD_MACHINE', 'COORD_HOME'],
      topics: ['files'],
    })
    .action(action(async (c, url: string) => (await import('../commands/join.ts')).join(c, url)))
}
