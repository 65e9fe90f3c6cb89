/** What keeps a folder from being used, and the words for the data folder. */

export type FolderTrouble = 'read-only' | 'no-permission' | 'not-a-folder' | 'no-space'

const TROUBLES: Readonly<Record<string, FolderTrouble>> = {
  EROFS: 'read-only',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  ENOTDIR: 'not-a-folder',
  EEXIST: 'not-a-folder',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
}
/** What a system's error (`EROFS`, …) means for a folder; undefined: none of these. */
export const folderTrouble = (errno: string): FolderTrouble | undefined =>
  Object.hasOwn(TROUBLES, errno) ? TROUBLES[errno] : undefined

/** Whether a system's error says that nothing is there: no file, or no folder that it could be in. */
export const isAbsence = (errno: string | undefined): boolean => errno === 'ENOENT' || errno === 'ENOTDIR'

const WHY: Readonly<Record<FolderTrouble, string>> = {
  'read-only': 'its disk is read-only',
  'no-permission': 'this user has no permission',
  'not-a-folder': 'a file is in its way',
  'no-space': 'the disk is full',
}
const OTHERS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EBUSY: 'another program holds it open',
}

/** Why a file call failed, as a clause for a person: `its disk is read-only`. What is no failure of the system's says it itself. */
export function diskWords(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : String(cause)
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const trouble = folderTrouble(errno)
  if (trouble !== undefined) return WHY[trouble]
  return Object.hasOwn(OTHERS, errno) ? (OTHERS[errno] ?? said) : said
}

/** What is in the way, as a code; `other` has the system's own word for it. */
export type FolderFault =
  | { readonly code: FolderTrouble; readonly path: string }
  | { readonly code: 'other'; readonly path: string; readonly cause: string }
  | { readonly code: 'no-lock'; readonly path: string }

/** For a person: what is so, and what to do. */
export function folderWords(fault: FolderFault): { readonly text: string; readonly wayOut: string } {
  const elsewhere = 'Make it usable, or set COORD_HOME to a folder that is.'
  switch (fault.code) {
    case 'read-only':
      return { text: `The data folder is on a disk that is read-only: ${fault.path}`, wayOut: elsewhere }
    case 'no-permission':
      return { text: `The data folder may not be written by this user: ${fault.path}`, wayOut: elsewhere }
    case 'not-a-folder':
      return { text: `The data folder is no folder: ${fault.path}`, wayOut: elsewhere }
    case 'no-space':
      return {
        text: `No space is left for the data folder: ${fault.path}`,
        wayOut: 'Make room, and start it again.',
      }
    case 'other':
      return { text: `The data folder cannot be used (${fault.cause}): ${fault.path}`, wayOut: elsewhere }
    case 'no-lock':
      return { text: `The data folder could not be locked: ${fault.path}`, wayOut: elsewhere }
  }
}
