/** The window's own keys. Where a person types, only those with Ctrl work. */
import { useEffect } from 'react'
import { tinykeys } from 'tinykeys'
import { viewNames, type ViewName } from '../data/routes.ts'
import { go, useWindowStore } from '../data/window.ts'
import { focusHeading, focusList, forgetWish } from '../parts/focus.ts'
import { openHelp, openPalette } from './open.ts'
import { isSecondKey, watchSequences } from '../parts/key-sequence.ts'
import { VIEWS } from './views.ts'

const isTyping = (event: KeyboardEvent): boolean =>
  event.target instanceof HTMLElement &&
  event.target.closest('input, textarea, select, [contenteditable], dialog[open]') !== null

const isInList = (event: KeyboardEvent): boolean =>
  event.target instanceof HTMLElement && event.target.closest('[role=grid], [data-own-keys]') !== null

/** What `?` lists, by where it works. */
export const KEYS: readonly { readonly keys: string; readonly does: string; readonly where: string }[] = [
  { keys: 'Ctrl+K', does: 'Search everything, run any command', where: 'Anywhere' },
  { keys: '?', does: 'This sheet', where: 'Anywhere' },
  ...viewNames.map((view) => ({
    keys: `G ${VIEWS[view].key.toUpperCase()}`,
    does: VIEWS[view].title,
    where: 'Go to',
  })),
  { keys: '1 … 7', does: 'The same, in the order of the sidebar', where: 'Go to' },
  { keys: 'Alt+←', does: 'Back', where: 'Go to' },
  { keys: '/', does: 'Filter the list', where: 'In a list' },
  { keys: '↑ ↓ or K J', does: 'The row before, the next row', where: 'In a list' },
  { keys: 'PgUp PgDn Home End', does: 'A page, the first, the last row', where: 'In a list' },
  { keys: 'Enter', does: 'Open the row', where: 'In a list' },
  { keys: 'Tab', does: 'What can be done in the row; then the detail', where: 'In a list' },
  { keys: 'Esc', does: 'Back to the row; close the detail', where: 'In a list' },
  { keys: 'U', does: 'Undo the last act, for ten seconds', where: 'Acts' },
]

export function useKeys(): void {
  useEffect(watchSequences, [])
  const store = useWindowStore()
  useEffect(() => {
    /** Not while somebody types, and not with a key that another part took. */
    const plain =
      (act: () => void) =>
      (event: KeyboardEvent): void => {
        if (isTyping(event) || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey)
          return
        event.preventDefault()
        act()
      }
    const show = (view: ViewName) =>
      plain(() => {
        forgetWish()
        go({ view })
        // After the view is drawn, and before the next key: what that one leads to keeps the focus.
        queueMicrotask(focusHeading)
      })
    // By the letter alone, asked whether a G was before it: of several sequences the library would leave those half done that
    // stand behind the one that was meant, and a pattern for all of them is one that a browser before Chrome 112 cannot read.
    const jumps = Object.fromEntries([
      ...viewNames.map((view, at) => [String(at + 1), show(view)]),
      ...viewNames.map((view) => [
        VIEWS[view].key,
        (event: KeyboardEvent) => {
          if (isSecondKey()) show(view)(event)
        },
      ]),
    ]) as Record<string, (event: KeyboardEvent) => void>
    const intoList = (event: KeyboardEvent): void => {
      if (isInList(event)) return
      plain(focusList)(event)
    }
    return tinykeys(
      window,
      {
        ...jumps,
        '$mod+k': (event) => {
          if (document.querySelector('dialog[open]')) return
          event.preventDefault()
          openPalette()
        },
        '/': plain(() => document.querySelector<HTMLElement>('main [data-filter]')?.focus()),
        '?': plain(openHelp),
        'Shift+?': plain(openHelp),
        j: intoList,
        ArrowDown: intoList,
        // Asked now: keys that were set anew with each notice would forget the first one of a sequence.
        u: (event) => {
          const undo = store.getState().notices.findLast((notice) => notice.undo !== null)?.undo
          if (undo) plain(undo)(event)
        },
      },
      // The library leaves out what is typed into a field, and Ctrl+K works there, too.
      { ignore: (event) => event.isComposing || event.repeat },
    )
  }, [store])
}
