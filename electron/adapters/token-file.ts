/** The token that `coord join` kept: 0600 in COORD_HOME, for the address that gave it and for no other. Loads nothing heavy. */
import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Env } from './places.ts'
import { makeFolder } from './make-folder.ts'

const fileOf = (home: string): string => join(home, 'token.json')

/** The environment's token, else the one that was kept for this address; null where there is none. */
export function tokenFor(env: Env, home: string, url: string | null): string | null {
  if (env['COORD_TOKEN']) return env['COORD_TOKEN']
  if (url === null) return null
  try {
    const kept = JSON.parse(readFileSync(fileOf(home), 'utf8')) as { url?: unknown; token?: unknown }
    return kept.url === url && typeof kept.token === 'string' && kept.token !== '' ? kept.token : null
  } catch {
    return null
  }
}

/** Keeps it, whole or not at all, readable by this user alone. Throws the platform's error. */
export function keepToken(home: string, url: string, token: string): string {
  makeFolder(home, 0o700)
  const file = fileOf(home)
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(draft, `${JSON.stringify({ url, token })}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(draft, 0o600)
    renameSync(draft, file)
  } finally {
    rmSync(draft, { force: true })
  }
  return file
}
