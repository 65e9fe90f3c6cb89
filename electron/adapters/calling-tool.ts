/** The process of the tool that called a hook. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

interface ProcessFacts {
  readonly parent: number
  readonly start: string
  readonly name: string
}
function processFacts(pid: number): ProcessFacts | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const close = stat.lastIndexOf(')')
      const fields = stat.slice(close + 2).split(' ')
      return {
        name: stat.slice(stat.indexOf('(') + 1, close),
        parent: Number(fields[1]),
        start: fields[19] ?? '',
      }
    }
    if (process.platform === 'win32') return undefined
    const line = execFileSync('ps', ['-o', 'ppid=,lstart=,comm=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 300,
    }).trim()
    const m = /^(\d+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line)
    return m
      ? { parent: Number(m[1]), start: m[2] ?? '', name: (m[3] ?? '').split('/').at(-1) ?? '' }
      : undefined
  } catch {
    return undefined
  }
}

const SHELL = /^-?(sh|bash|dash|zsh|fish|ksh|busybox|env|npm|npx)$/

/** The tool that called this hook: the nearest ancestor that is no shell. */
export function callingTool(): { readonly pid: number; readonly start: string } | null {
  let pid = process.ppid
  for (let step = 0; step < 5 && pid > 1; step++) {
    const facts = processFacts(pid)
    if (!facts) return null
    if (!SHELL.test(facts.name)) return { pid, start: facts.start }
    pid = facts.parent
  }
  return null
}

/** Whether the very process is running; undefined where the platform does not tell. */
export function isRunning(tool: { readonly pid: number; readonly start: string }): boolean | undefined {
  if (process.platform === 'win32') return undefined
  return processFacts(tool.pid)?.start === tool.start
}
