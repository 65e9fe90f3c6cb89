/** A body as a person may give it: with the flag, from a file, or from stdin (`-`). */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { diskWords } from '../../shared/data-folder.ts'
import { failure, usage } from './exit.ts'

export interface BodyFlags {
  readonly body?: string
  readonly bodyFile?: string
}

/** Bytes as text. What is no UTF-8 (Latin-1, UTF-16 of PowerShell) would arrive with other letters than it has. */
function toText(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw usage(`${source} is no UTF-8 text; nothing was sent`)
  }
}

/** All of stdin as text; `flag` is named where nobody could ever give it. */
export async function readStdin(flag: string): Promise<string> {
  if (process.stdin.isTTY)
    throw usage(`${flag} - reads stdin, and that is this terminal: give it a pipe or a file`)
  let bytes: Buffer
  try {
    bytes = await buffer(process.stdin)
  } catch (error) {
    throw failure(`stdin cannot be read: ${diskWords(error)}`)
  }
  return toText(bytes, 'stdin')
}

const WHY_NOT: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  EISDIR: 'is a folder',
  EACCES: 'may not be read',
}

/** The text; undefined where none was given. */
export async function bodyOf({ body, bodyFile }: BodyFlags, cwd: string): Promise<string | undefined> {
  if (body !== undefined && bodyFile !== undefined) throw usage('give --body or --body-file, not both')
  if (body === '-') return readStdin('--body')
  if (bodyFile === undefined) return body
  if (bodyFile === '-') return readStdin('--body-file')
  const file = resolve(cwd, bodyFile)
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const why = WHY_NOT[(error as NodeJS.ErrnoException).code ?? '']
    throw usage(`--body-file: ${file} ${why ?? `cannot be read (${diskWords(error)})`}`)
  }
  return toText(bytes, `--body-file: ${file}`)
}
