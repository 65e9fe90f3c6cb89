/** Foreign writers of a queue file, each a process of another kind; they are told what to write, and write it their own way. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface Writer {
  readonly name: string
  /** Has it write these lines, when it comes to it. */
  write(lines: readonly string[]): void
  /** Lets go of the file and opens it anew before the next line (those that hold their descriptor). */
  reopen(): void
  /** Resolves when all of it stands in the file. */
  end(): Promise<void>
}

/** An empty line says: open the file anew. */
const PROGRAMS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  bash: ['bash', '-c', 'while IFS= read -r l; do [ -z "$l" ] || printf "%s\\n" "$l" >> "$1"; done', '_'],
  held: [
    'bash',
    '-c',
    'exec 3>>"$1"; while IFS= read -r l; do if [ -z "$l" ]; then exec 3>>"$1"; else printf "%s\\n" "$l" >&3; fi; done',
    '_',
  ],
  node: [
    process.execPath,
    '-e',
    `const fs=require('fs');let fd=fs.openSync(process.argv[1],'a');require('readline').createInterface({input:process.stdin}).on('line',l=>{if(l===''){fs.closeSync(fd);fd=fs.openSync(process.argv[1],'a')}else fs.writeSync(fd,l+'\\n')})`,
  ],
}
export const WRITERS = Object.keys(PROGRAMS)

export function startWriter(name: string, queue: string): Writer {
  const [program, ...args] = PROGRAMS[name] ?? ['false']
  const child: ChildProcess = spawn(program, [...args, queue], { stdio: ['pipe', 'inherit', 'inherit'] })
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
