/** For commands that keep something in the data folder from their first moment on. */
import { folderWords } from '../../shared/data-folder.ts'
import { findFolderFault } from '../adapters/data-folder.ts'
import { failure } from './exit.ts'

/** Returns where the data folder `home` can be written; else the command ends, with what is so and the way out. */
export function needDataFolder(home: string): void {
  const fault = findFolderFault(home)
  if (fault === null) return
  const { text, wayOut } = folderWords(fault)
  throw failure(`${text}. ${wayOut}`)
}
