/** Words of other sessions where a line of ours has them: a name stays a name, and a shell reads one word. */
import { shellQuoted } from '../../../shared/shell-quote.ts'
import { plainLine } from '../../../shared/text.ts'

const LONGEST_NAME = 100

/**
 * The name of a session, a project or a resource. One that is more than a word is put in quotes and cut: a sentence in its place
 * would read as ours. '' stays ''.
 */
export function foreignName(text: string | null): string {
  const plain = plainLine(text, LONGEST_NAME)
  return /^[^\s"()|=]*$/.test(plain) ? plain : `"${plain.replaceAll('"', "'")}"`
}

/** A word for a shell, on one line and quoted where it has to be. */
export function forShell(text: string): string {
  const plain = plainLine(text, 1000)
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : shellQuoted(plain)
}
