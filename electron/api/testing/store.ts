/** A store that is open in the process of a test. */
import { openStore } from '../open-store.ts'
import type { Store } from '../store.ts'

/** `database`: a file, or the address of a database server. Throws where it cannot be opened. */
export async function openTestStore(database: string): Promise<Store> {
  const opened = await openStore({ database }, () => undefined)
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}
