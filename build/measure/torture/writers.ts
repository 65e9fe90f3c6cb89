/** Foreign writers of a queue file, each a process of another kind; they are told what to write, and write it their own way. */
import { once } from 'node:events'
import { start } from './children.ts'

export interface Writer {
  readonly name: string
  /** Has it write these lines, when it comes to it. */
  write(lines: readonly string[]): void
  /** Lets go of the file and opens it anew before the next line (those that hold their descriptor). */
  reopen(): void
  /** Resolves when all of it stands in the file. */
  end(): Promise<void>
}

const bash = (script: string): [string, ...string[]] => ['bash', '-c', script, '_']
const node = (script: string): [string, ...string[]] => [
  process.execPath,
  '-e',
  `const fs=require('fs');const file=process.argv[1];const lines=f=>require('readline').createInterface({input:process.stdin}).on('line',f);${script}`,
]
const python = (...script: string[]): [string, ...string[]] => ['python3', '-c', script.join('\n')]

/** Each takes lines on its stdin; an empty one says: open the file anew. What they write with one call is whole lines. */
const PROGRAMS = {
  /** `>>` for each line. */
  bash: bash('while IFS= read -r l; do [ -z "$l" ] || printf "%s\\n" "$l" >> "$1"; done'),
  /** Bash with a descriptor of its own, held across claims. */
  held: bash(
    'exec 3>>"$1"; while IFS= read -r l; do if [ -z "$l" ]; then exec 3>>"$1"; else printf "%s\\n" "$l" >&3; fi; done',
  ),
  /** Carriage returns, as from Git for Windows or an editor. */
  crlf: bash('while IFS= read -r l; do [ -z "$l" ] || printf "%s\\r\\n" "$l" >> "$1"; done'),
  /** One jq for all, `>>` held all along. */
  jq: bash('exec jq -c --unbuffered . >> "$1"'),
  /** One jq a line, as sessions do it. */
  'jq-each': bash('while IFS= read -r l; do [ -z "$l" ] || jq -c . <<< "$l" >> "$1"; done'),
  /** `fs.appendFile`, waited for. */
  append: node(
    `let before=Promise.resolve();lines(l=>{if(l!=='')before=before.then(()=>fs.promises.appendFile(file,l+'\\n'))})`,
  ),
  /** Node with a descriptor held across claims. */
  node: node(
    `let fd=fs.openSync(file,'a');lines(l=>{if(l===''){fs.closeSync(fd);fd=fs.openSync(file,'a')}else fs.writeSync(fd,l+'\\n')})`,
  ),
  /** Python, open and append for each line. */
  python: python(
    'import sys',
    'for l in sys.stdin:',
    '  if l != "\\n":',
    '    with open(sys.argv[1], "a", encoding="utf-8") as f: f.write(l)',
  ),
  /** Python without a buffer, one write a line, held. */
  'python-write': python(
    'import os, sys',
    'f = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)',
    'for l in sys.stdin.buffer:',
    '  if l == b"\\n":',
    '    os.close(f)',
    '    f = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)',
    '  else: os.write(f, l)',
  ),
  /** Python with its usual buffer, held: many lines with one write, late ones among them. Flushed before the buffer would cut a line. */
  'python-buffer': python(
    'import sys',
    'f = open(sys.argv[1], "ab", buffering=16384)',
    'n = 0',
    'for l in sys.stdin.buffer:',
    '  if l == b"\\n":',
    '    f.close()',
    '    f = open(sys.argv[1], "ab", buffering=16384)',
    '    n = 0',
    '    continue',
    '  if n + len(l) > 16000:',
    '    f.flush()',
    '    n = 0',
    '  n += f.write(l)',
    'f.close()',
  ),
  /** The bytes of Windows PowerShell 5.1's `>>`: UTF-16LE with CRLF; a BOM where the file is new or empty, none where it is not. */
  powershell: node(
    `lines(l=>{if(l==='')return;const fd=fs.openSync(file,'a');fs.writeSync(fd,Buffer.from((fs.fstatSync(fd).size===0?'\\ufeff':'')+l+'\\r\\n','utf16le'));fs.closeSync(fd)})`,
  ),
} as const satisfies Record<string, readonly [string, ...string[]]>
export type WriterName = keyof typeof PROGRAMS
export const ALL_WRITERS = Object.keys(PROGRAMS) as WriterName[]
/** Those of a torture round: quick ones, whose bytes in the file are the line that they were told. */
export const PLAIN_WRITERS: readonly WriterName[] = ['bash', 'held', 'node']

export function startWriter(name: WriterName, queue: string): Writer {
  const [program, ...args] = PROGRAMS[name]
  const child = start(program, [...args, queue], { stdio: ['pipe', 'inherit', 'inherit'] })
  const gone = once(child, 'exit') as Promise<[number | null]>
  return {
    name,
    write: (lines) => void child.stdin?.write(lines.map((l) => `${l}\n`).join('')),
    reopen: () => void child.stdin?.write('\n'),
    async end() {
      child.stdin?.end()
      const [code] = await gone
      if (code !== 0) throw new Error(`the writer ${name} ended with ${code}`)
    },
  }
}
