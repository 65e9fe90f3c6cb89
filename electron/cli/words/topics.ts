/** What `coord help TOPIC` tells: plain text that a terminal, the man page and a test can all take. */
import { wrap } from '../terminal/wrap.ts'

/** Environment variables, in one sentence each. */
export const VARIABLES: Readonly<Record<string, string>> = {
  COORD_API_URL: 'base address of the API; unset: http://127.0.0.1:8001, served on this machine',
  COORD_PORT: 'port of the API on this machine; 8001 where unset',
  COORD_TOKEN:
    'sent as a bearer token to COORD_API_URL, before the one that "coord join" kept; to "coord serve" an administrator\'s',
  COORD_DATABASE_PASSWORD: 'of the user that --database mariadb://… names',
  COORD_SESSION: 'the session to act as, MACHINE/NAME; MACHINE/coord where unset',
  COORD_MACHINE: "this machine's name; the host's where unset",
  COORD_WORKSPACES: 'project folders, separated as in PATH',
  COORD_HOME: 'folder of settings, database and log',
  COORD_GUARD_WAIT: 'how long the guard waits for the API before an edit, in ms; 380 where unset',
  COORD_NODE: "a Node 24 for the app's API process and the packages' coord; its own executable where unset",
  COORD_UPDATE_URL:
    'where the app asks daily for a later version, as {"version","url"}; unset: nobody is asked',
  COORD_DEBUG: 'set: say what is asked of the API, and where a failure comes from',
  NO_COLOR: 'set: no colours',
  FORCE_COLOR: 'set, and not 0: colours in a pipe, too',
  VISUAL: 'the editor of "queue edit"; EDITOR, else vi, where unset',
}

export interface Topic {
  readonly title: string
  readonly text: string
}

const EXIT_CODES_TEXT = `Every command ends with one of these, whatever it prints:

  0  done
  1  failed, or refused by the API (held by another session, not found, …)
  2  wrong usage: an unknown command, flag, setting or name; nothing was done
  3  calls wait, for whichever reason; nothing is lost, and they are sent later
  4  "coord flush" set calls aside: the API said no to them for good

3 goes before 4. "coord status" and "coord enqueue" end with 0 although calls
wait. A hook ("coord hook run") ends with 0 whatever happens, except that the
guard's refusal is 2: other codes would stop somebody's tool.

stdout carries the result alone, one line of JSON with --json. Everything else
goes to stderr, and each line about a failure begins with "coord: ". What the
API refused is also JSON: {"error":{"status":422,"detail":"…"}}. Wrong usage
prints nothing on stdout. A reader that goes away ("| head") ends a command
quietly; a write that fails (disk full) ends it with 1.

A command asks nothing unless a terminal is there. In a script "coord queue
discard ID" and "coord release --mine" therefore act at once; --dry-run shows
first what they would do, and --yes answers for a person.`

const ENVIRONMENT_NOTES = `A flag goes before the environment, the environment before settings.json in
COORD_HOME, and that before the default. "coord doctor" says what is wrong, and
where it stands. "coord hook install" writes no token into a hook.`

const FILES_TEXT = `In a project folder:

  .claude/coord-queue.jsonl    calls that wait, one JSON object a line: ts,
                               method, path, body. Any program may append.
  .claude/.coord-outbox/       calls that were taken from the queue, and the
                               ledger of what became of each. Not for editing.
  .claude/coord.json           this project's name and what its guard does:
                               {"project":"demo","guard":"block"}
  .claude/settings.local.json  where "coord hook install" writes its hooks
  .mcp.json                    where "coord mcp install" writes its server

In COORD_HOME (Linux: ~/.local/share/coord-tray, macOS: ~/Library/Application
Support/coord-tray, Windows: %APPDATA%\\coord-tray):

  settings.json                what the window's Settings hold
  coord.db, coord.db-*         the database of "coord serve", its log, and the
                               number of the last change that it answered for
  workspaces.jsonl             folders in which a command or a hook was used
  terminal.json                what commands have last read: for completion, and
                               for "coord status" while the API is away
  sessions/, hooks/            what the hooks recorded
  .claude/coord-queue.jsonl    the queue of calls made outside any project

A workspace is the nearest folder upward that has .claude. Where there is none,
a call made with "enqueue" goes into the git work tree's top folder, else into
the folder itself, which is said.`

const HOOKS_TEXT = `"coord hook install" writes six hooks into .claude/settings.local.json of this
project (--user: into your own settings, for all projects). It shows the change
and asks first; "coord hook remove" gives the file back byte for byte.

  start        names the session, sends what waits, shows unread messages
  before-tool  the guard: is a file held by another session? ("coord help
               files" has its settings; exit 2 stops the edit and says who)
  after-tool   shows messages that came meanwhile
  prompt       the same, when you write
  stop         the same, before the session's turn ends
  end          releases the session's resource locks, behind its own calls

A hook ends within two seconds and never fails the tool. "coord doctor" runs
each, and says when it was last called.

Codex and other tools that call hooks with the same JSON run the commands that
"coord hook show" prints; "coord hook install --session NAME" pins a name where
a tool gives its sessions no id. Where it has no hook for a session's end:
"coord release --mine".

For git, in a pre-commit hook:

  coord guard check --staged || exit 1

For any MCP client: "coord mcp install" writes the server into .mcp.json.`

const PROTOCOL_TEXT = `Sessions that work on one thing share a coordination API. A session is called
MACHINE/NAME. What is below /api/coord/:

  POST   locks                 claim: project_key, session_id, resource,
                               description, ttl_hours. 409: another holds it
  GET    locks                 who holds what
  DELETE locks/ID?session_id=S release one
  DELETE locks?session_id=S&release_all=true
                               release all of a session
  POST   messages              from_session, to_session (left out: everyone),
                               project_key, subject, body
  GET    messages?to_session=S&unread_only=true
  PUT    messages/ID/read?session_id=S
  PUT    components            project_key, component, state, version, notes,
                               updated_by
  POST   workflows, work-items; PATCH work-items/ID
  GET    status                an overview
  GET    /health               is it there?

Claim before you change what others may change, say what you did, release when
done. A lock without a sign of life for two hours is stale: another session may
release it ("coord release ID --force").

While the API is away a session appends the call to .claude/coord-queue.jsonl
and goes on. "coord flush", a hook, or the app sends the calls later, in their
order, none lost and none twice. Each ends as

  delivered    the API has it
  set aside    the API said no for good; kept with the reason until you send,
               edit or discard it ("coord queue list")
  skipped      not sent on purpose: an expired claim, a component state that a
               later one replaces, a lock that is released later

From a shell without coord, a claim is

  curl -s http://127.0.0.1:8001/api/coord/locks \\
    -H 'Content-Type: application/json' \\
    -d '{"project_key":"demo","session_id":"BOX/me","resource":"src/a.ts"}'`

const pad = Math.max(...Object.keys(VARIABLES).map((name) => name.length))
const WIDTH = 80
const variableList = Object.entries(VARIABLES)
  .flatMap(([name, text]) =>
    wrap(text, WIDTH - pad - 4).map((row, i) => `  ${(i === 0 ? name : '').padEnd(pad)}  ${row}`),
  )
  .join('\n')

export const TOPICS: Readonly<Record<string, Topic>> = {
  protocol: { title: 'The protocol in one page', text: PROTOCOL_TEXT },
  hooks: { title: "Claude Code's hooks, git and MCP", text: HOOKS_TEXT },
  files: { title: 'Which files there are', text: FILES_TEXT },
  environment: {
    title: 'Environment variables and settings',
    text: `${variableList}\n\n${ENVIRONMENT_NOTES}`,
  },
  'exit-codes': { title: 'Exit codes, output and scripts', text: EXIT_CODES_TEXT },
}
