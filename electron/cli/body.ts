/** A body as a person may give it: with the flag, from a file, or from stdin (`-`). */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { failure, usage } from './exit.ts'

export interface BodyFlags {
  readonly body?: string
  readonly bodyFile?: string
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** All of stdin as text; `flag` is named where nobody could ever give it. */
export async function readStdin(flag: string): Promise<string> {
  if (process.stdin.isTTY)
    throw usage(`${flag} - reads stdin, and that is this terminal: give it a pipe or a file`)
  let text = ''
  try {
    for await (const part of process.stdin.setEncoding('utf8')) text += String(part)
  } catch (error) {
    throw failure(`stdin cannot be read: ${reasonOf(error)}`)
  }
  return text
}

/** The text; undefined where none was given. */
export async function bodyOf({ body, bodyFile }: BodyFlags, cwd: string): Promise<string | undefined> {
  if (body !== undefined && bodyFile !== undefined) throw usage('give --body or --body-file, not both')
  if (body === '-') return readStdin('--body')
  if (bodyFile === undefined) return body
  if (bodyFile === '-') return readStdin('--body-file')
  try {
    return readFileSync(resolve(cwd, bodyFile), 'utf8')
  } catch (error) {
    throw usage(`--body-file: ${reasonOf(error)}`)
  }
}
