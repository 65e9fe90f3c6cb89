/** What a shell command touches, as one line that a test can be read by. */
import type { ShellFacts } from '../read-shell.ts'
import type { Shell } from '../script-within.ts'
import { shellTargets } from '../shell-targets.ts'

export const POSIX: ShellFacts = { folder: '/w/app', style: 'posix', home: '/home/me' }
export const WINDOWS: ShellFacts = { folder: 'C:/w/app', style: 'windows', home: 'C:/Users/me' }

/** Files with `/` behind a tree, `?` behind a pattern, `|name` where a folder means that file in it (`|`: one not known), `top` of the
 * whole work tree, `~` behind what is only asked for (`~/`: where it is a folder); `git:…`, `!cause`. */
export function seen(text: string, facts = POSIX, shell: Shell = 'bash'): string {
  const { targets, unread } = shellTargets(text, facts, shell)
  return [
    ...targets.flatMap((t) =>
      t.kind === 'path'
        ? [
            t.path +
              (t.isTree ? '/' : '') +
              (t.isPattern ? ' ?' : '') +
              (t.orInside === undefined ? '' : `|${t.orInside ?? ''}`) +
              (t.isFromTop === true ? ' top' : '') +
              (t.asks === undefined ? '' : t.asks === 'always' ? ' ~' : ' ~/'),
          ]
        : t.kind === 'git'
          ? [`git:${t.folder}:${t.branch ?? 'HEAD'}`]
          : [],
    ),
    ...unread.map((u) => `!${u.cause}`),
  ].join(', ')
}

/** The same without what a folder would mean. */
export const seenPaths = (text: string, facts = POSIX): string => seen(text, facts).replace(/\|[^,]*/g, '')
