/** Lets the person edit one line in their editor. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failure, usage } from '../exit.ts'

// eslint-disable-next-line @typescript-eslint/require-await -- the editor holds the terminal until it ends
export async function editInEditor(before: string): Promise<string> {
  if (!process.stdin.isTTY) throw usage('no terminal is here: give the new line with --line JSON')
  const editor =
    process.env['VISUAL'] || process.env['EDITOR'] || (process.platform === 'win32' ? 'notepad' : 'vi')
  const folder = mkdtempSync(join(tmpdir(), 'coord-edit-'))
  const file = join(folder, 'call.json')
  try {
    writeFileSync(file, before + '\n', { mode: 0o600 })
    const ended = spawnSync(`${editor} "${file}"`, { shell: true, stdio: 'inherit' })
    if (ended.status !== 0)
      throw failure(`the editor (${editor}) ended with ${ended.status ?? 'a signal'}; nothing changed`)
    const after = readFileSync(file, 'utf8').trim()
    // left without a change, or emptied: as of a commit message, a person's way to say no
    if (after === '' || after === before.trim()) throw failure('the call was not changed; nothing is sent')
    return after
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
