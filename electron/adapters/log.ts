/** The log: one rotated file in COORD_HOME/log, secrets out; never on stdout, which belongs to results. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import electronLog from 'electron-log/node.js'
import type { Log } from '../core/ports.ts'

const MAX_BYTES = 1024 * 1024
const MAX_LINE = 8_000
const SECRET_NAME = /token|authorization|secret|password|cookie/i

/** Takes secrets out of text: what `secrets` names, bearer tokens, and user info in addresses. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let out = text
  for (const secret of secrets) if (secret.length >= 4) out = out.replaceAll(secret, '[secret]')
  return (
    out
      .replace(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 [secret]')
      // from the colon on: a scheme before it would be sought at each letter of a long text, again and again
      .replace(/:\/\/[^\s/@:]+:[^\s/@]+@/g, '://[secret]@')
      .replace(/([?&](?:token|access_token|password)=)[^&\s"]+/gi, '$1[secret]')
  )
}

export interface FileLog extends Log {
  readonly file: string
}

export function createLog(home: string, secrets: readonly string[] = []): FileLog {
  const dir = join(home, 'log')
  const file = join(dir, 'coord.log')
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch {
    // A log that cannot be written stops nothing.
  }
  const logger = electronLog.create({ logId: `coord-${process.pid}-${file}` })
  logger.transports.console.level = false
  // without a name electron-log looks for a package.json, finds none in a bundle, and drops every line without a word
  logger.transports.file.setAppName('Coord Tray')
  logger.transports.file.resolvePathFn = () => file
  logger.transports.file.maxSize = MAX_BYTES
  logger.transports.file.format = '{y}-{m}-{d}T{h}:{i}:{s}.{ms} {level} {text}'

  const line = (message: string, data?: Readonly<Record<string, unknown>>): string => {
    const safe = (key: string, value: unknown): unknown =>
      SECRET_NAME.test(key) && value !== null && value !== undefined ? '[secret]' : value
    // As JSON, so that text from elsewhere cannot forge a line.
    const text =
      data === undefined
        ? JSON.stringify(message)
        : `${JSON.stringify(message)} ${JSON.stringify(data, safe)}`
    return redact(text, secrets).slice(0, MAX_LINE)
  }
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, data?: Readonly<Record<string, unknown>>): void => {
      try {
        logger[level](line(message, data))
      } catch {
        // Neither a full disk nor data that is no JSON may end the program.
      }
    }
  return { file, info: write('info'), warn: write('warn'), error: write('error') }
}
