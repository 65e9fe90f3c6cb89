/** A small JSON file, schema-checked, written whole or not at all; a corrupt one is kept aside and said. */
import { readFileSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileSync } from 'atomically'
import type { z } from 'zod'
import { diskWords, isAbsence } from '../../shared/data-folder.ts'
import { makeFolder } from './make-folder.ts'

export interface JsonFile<T> {
  readonly path: string
  /** The value, or the default; `problem` says in words what was wrong with the file. */
  read(): {
    readonly value: T
    readonly problem: string | null
    /** What is there could not be taken. `text` null: nor read at all, and `why`. */
    readonly unread?: { readonly text: string } | { readonly text: null; readonly why: string }
  }
  /** Whether it is on disk now. */
  write(value: T): boolean
}

export function jsonFile<S extends z.ZodType>(
  path: string,
  schema: S,
  initial: z.output<S>,
): JsonFile<z.output<S>> {
  return {
    path,
    read() {
      let text: string
      try {
        text = readFileSync(path, 'utf8')
      } catch (cause) {
        if (isAbsence((cause as NodeJS.ErrnoException).code)) return { value: initial, problem: null }
        const why = diskWords(cause)
        const problem = `${path} cannot be read (${why}); the defaults apply.`
        return { value: initial, problem, unread: { text: null, why } }
      }
      try {
        const parsed = schema.safeParse(JSON.parse(text.replace(/^\uFEFF/, '')))
        if (parsed.success) return { value: parsed.data, problem: null }
      } catch {
        // no JSON: kept aside below
      }
      const aside = path.replace(
        /(\.json)?$/,
        `.corrupt-${new Date().toISOString().replace(/[:.]/g, '-')}.json`,
      )
      try {
        renameSync(path, aside)
      } catch {
        return { value: initial, problem: `${path} cannot be read; the defaults apply.`, unread: { text } }
      }
      return {
        value: initial,
        problem: `${path} could not be read and was kept as ${aside}; the defaults apply.`,
        unread: { text },
      }
    },
    write(value) {
      try {
        makeFolder(dirname(path), 0o700)
        writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
        return true
      } catch {
        return false
      }
    },
  }
}
