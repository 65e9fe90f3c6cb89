/**
 * Stands in for an AI tool: a process that lives as long as its session, and runs the hooks of a project's settings as the tool
 * documents it. One line of JSON on stdin is one moment, `{ "event", "input" }`; its answers are one line on stdout.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

interface Hook {
  readonly command: string
  readonly timeout: number
}
interface Group {
  readonly matcher?: string
  readonly hooks: readonly Hook[]
}
interface Moment {
  readonly event: string
  readonly input: { readonly tool_name?: string }
}

const [settings = '', cwd = ''] = process.argv.slice(2)
const session = process.env['TOOL_SESSION'] ?? ''

/** Only letters and `|`: exact names; empty or absent: every tool. */
const isFor = (matcher: string | undefined, tool = ''): boolean =>
  matcher === undefined || matcher === '' || matcher.split('|').includes(tool)

function run({ command, timeout }: Hook, input: object): Promise<object> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { cwd, stdio: 'pipe', timeout: timeout * 1000 })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdin.on('error', () => undefined)
    child.stdin.end(JSON.stringify(input))
    child.once('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })
}

async function live(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { event, input } = JSON.parse(line) as Moment
    const whole = {
      session_id: session,
      transcript_path: `/transcripts/${session}.jsonl`,
      cwd,
      permission_mode: 'default',
      hook_event_name: event,
      ...input,
    }
    const { hooks } = JSON.parse(readFileSync(settings, 'utf8')) as { hooks: Record<string, Group[]> }
    const groups = (hooks[event] ?? []).filter((group) => isFor(group.matcher, input.tool_name))
    const answers = await Promise.all(groups.flatMap((group) => group.hooks).map((hook) => run(hook, whole)))
    process.stdout.write(`${JSON.stringify(answers)}\n`)
  }
}
void live()
