/** `coord` in a terminal of its own: a real pty by script(1), of a width, with keys pressed and all it shows read back. */
import { spawn } from 'node:child_process'
import { CLI, type Place } from './coord.ts'

export interface Shown {
  readonly code: number | null
  /** All that was written, escape sequences included. */
  readonly bytes: string
  /** The same without escape sequences, lines ended by \n. */
  readonly text: string
}
export interface OnTerminal {
  readonly columns?: number
  readonly env?: Readonly<Record<string, string>>
  /** By what is shown: the keys that are pressed then, once each. */
  readonly answers?: readonly (readonly [shown: string, keys: string])[]
  readonly cwd?: string
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
// eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
const SEQUENCE = /\u001b\[[0-9;?]*[A-Za-z]/g

export const onTerminal = (
  at: Place,
  args: readonly string[],
  { columns = 80, env = {}, answers = [], cwd = at.project }: OnTerminal = {},
): Promise<Shown> =>
  new Promise((resolve, reject) => {
    const words = [process.execPath, CLI, ...args].map(quote).join(' ')
    const command = `stty cols ${columns} rows 50; exec ${words}`
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd,
      env: { ...at.env, SHELL: '/bin/sh', TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let bytes = ''
    const left = [...answers]
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      bytes += part
      const next = left[0]
      if (next !== undefined && bytes.includes(next[0])) {
        left.shift()
        child.stdin.write(next[1])
      }
    })
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code, bytes, text: bytes.replace(SEQUENCE, '').replaceAll('\r\n', '\n') }),
    )
  })
