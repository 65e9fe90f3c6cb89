/** What keeps a workspace's calls from being sent, as a code with data; its words are made here and nowhere else. */

export type OutboxProblem =
  /** A file call failed with the platform's `errno`; nothing is sent until it is mended. */
  | { readonly code: 'storage'; readonly errno: string; readonly path: string; readonly op: string }
  /** A bug: said in the log, and tried again. */
  | { readonly code: 'unexpected' }
  | { readonly code: 'other-machine'; readonly who: string }
  | { readonly code: 'not-a-file'; readonly path: string }
  /** Another program removed a segment with calls in it. */
  | { readonly code: 'segment-removed'; readonly path: string }
  /** The queue file is another workspace's under a second name (a link): its calls are that one's. */
  | { readonly code: 'shared-file'; readonly path: string; readonly owner: string }

const STORAGE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the folder is read-only',
  EACCES: 'the folder may not be written',
  EPERM: 'the folder may not be written',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  EBUSY: 'another program holds the file open',
  EXDEV: 'the file lies on another file system and is never copied (EXDEV)',
  ELOOP: 'a link stands where a file belongs',
  NEWER: 'a newer version of Coord Tray has sent from here (update this one)',
}

/** The words of a problem, for a person. */
export function problemText(problem: OutboxProblem): string {
  switch (problem.code) {
    case 'storage': {
      const known = Object.hasOwn(STORAGE, problem.errno) ? STORAGE[problem.errno] : undefined
      const what = known ?? `${problem.op} failed (${problem.errno})`
      return `Nothing is sent from here now: ${what} at ${problem.path}. Nothing is lost; it goes on by itself as soon as that is mended.`
    }
    case 'unexpected':
      return 'Something unexpected went wrong here (see the log). Nothing is lost; it is tried again.'
    case 'other-machine':
      return `Another machine or container (${problem.who}) sends from this folder.`
    case 'not-a-file':
      return `${problem.path} is no ordinary file; it is left alone.`
    case 'segment-removed':
      return `Another program removed ${problem.path}: the calls in it are gone.`
    case 'shared-file':
      return `${problem.path} is the same file as the queue of ${problem.owner}: its calls are sent from there.`
  }
}
