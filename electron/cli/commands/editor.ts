/** Lets the person edit one line in their editor. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failure, usage } from '../exit.ts'

/** What the person left in the file; it lies there until `forget`, since the way on may fail. */
export interface Edited {
  readonly text: string
  readonly file: string
  /** Why it is not to be sent: the editor failed. */
  readonly fault: string | null
  readonly forget: () => void
}

// eslint-disable-next-line @typescript-eslint/require-await -- the editor holds the terminal until it ends
export async function editInEditor(before: string): Promise<Edited> {
  if (!process.stdin.isTTY) throw usage('no terminal is here: give the new line with --line JSON')
  const editor =
    process.env['VISUAL'] || process.env['EDITOR'] || (process.platform === 'win32' ? 'notepad' : 'vi')
  const folder = mkdtempSync(join(tmpdir(), 'coord-edit-'))
  const file = join(folder, 'call.json')
  const forget = (): void => rmSync(folder, { recursive: true, force: true })
  writeFileSync(file, before + '\n', { mode: 0o600 })
  const ended = spawnSync(`${editor} "${file}"`, { shell: true, stdio: 'inherit' })
  const after = textAt(file)
  // left without a change, or emptied: as of a commit message, a person's way to say no
  const isUnchanged = after === '' || after === before.trim()
  if (isUnchanged) forget()
  const fault = ended.status === 0 ? null : `the editor (${editor}) ended with ${ended.status ?? 'a signal'}`
  if (isUnchanged)
    throw failure(fault === null ? 'the call was not changed; nothing is sent' : `${fault}; nothing changed`)
  // an editor that writes a new file in the place of the old one gives it a mode of its own
  chmodSync(file, 0o600)
  return { text: after, file, fault, forget }
}

/** An editor that removed the file left nothing in it. */
function textAt(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
