/** Search for anything, run any command: typed words, the best places first. */
import uFuzzy from '@leeoniya/ufuzzy'
import { useId, useMemo, useState, type KeyboardEvent } from 'react'
import { useNow } from '../../data/clock.ts'
import { go, goTo, useActs, useCanAct, useSnapshot } from '../../data/window.ts'
import { HOME } from '../../data/routes.ts'
import { Dialog } from '../../parts/Dialog.tsx'
import { focusAfter, focusHeadingFromOutside } from '../../parts/focus.ts'
import { entriesOf, type Entry } from './entries.ts'
import css from './Palette.module.css'
import { runCommand } from './run-command.ts'

const SHOWN = 40
/** Letters of every script: the library's own patterns know the Latin ones, and leave out all others. */
const fuzzy = new uFuzzy({
  intraMode: 1,
  unicode: true,
  interSplit: "[^\\p{L}\\p{M}\\d']+",
  intraSplit: '\\p{Ll}\\p{Lu}',
  intraBound: '\\p{L}\\d|\\d\\p{L}|\\p{Ll}\\p{Lu}',
  intraChars: "[\\p{L}\\p{M}\\d']",
  intraContr: "'\\p{L}{1,2}\\b",
})

function find(entries: readonly Entry[], words: string): readonly Entry[] {
  const needle = words.trim()
  if (needle === '') return entries.slice(0, SHOWN)
  const texts = entries.map((entry) => entry.text)
  const [found, info, order] = fuzzy.search(texts, needle, 1, 1_000)
  // What is typed has no letter in it: `/` is found as it stands.
  if (found === null) return entries.filter(({ text }) => text.includes(needle)).slice(0, SHOWN)
  const places = order ? order.map((at) => info.idx[at]) : found
  return places.slice(0, SHOWN).flatMap((at) => (at === undefined ? [] : (entries[at] ?? [])))
}

interface ChoicesProps {
  readonly listId: string
  readonly found: readonly Entry[]
  readonly active: number
  readonly onPoint: (at: number) => void
  readonly onChoose: (entry: Entry) => void
}

function Choices({ listId, found, active, onPoint, onChoose }: ChoicesProps) {
  return (
    <div role="listbox" id={listId} aria-label="Found" className={css.list}>
      {found.map((entry, at) => (
        <div
          key={entry.key}
          id={`${listId}-${at}`}
          role="option"
          aria-selected={at === active}
          aria-disabled={entry.off !== undefined || undefined}
          className={css.item}
          // The input keeps the focus.
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => onPoint(at)}
          onClick={() => onChoose(entry)}
          ref={at === active ? (node) => node?.scrollIntoView({ block: 'nearest' }) : undefined}
        >
          <bdi dir="auto" className={css.text}>
            {entry.text}
          </bdi>
          <span className={css.kind}>{entry.off ?? entry.kind}</span>
        </div>
      ))}
    </div>
  )
}

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const snapshot = useSnapshot((all) => all)
  const now = useNow()
  const acts = useActs()
  const canAct = useCanAct()
  const [words, setWords] = useState('')
  const [active, setActive] = useState(0)
  const listId = useId()
  const entries = useMemo(() => entriesOf(snapshot, now, canAct), [snapshot, now, canAct])
  const found = useMemo(() => find(entries, words), [entries, words])
  const choose = (entry: Entry | undefined): void => {
    if (!entry || entry.off !== undefined) return
    const { to } = entry
    if (entry.kind !== 'Project' && to) {
      // The focus goes along, from a place outside of the view, too.
      return focusAfter(() => {
        onClose()
        goTo({ ...HOME, ...to })
      }, focusHeadingFromOutside)
    }
    onClose()
    // By its name: what is shown of it may stand for characters that nobody sees.
    if (entry.kind === 'Project') go({ project: to?.project ?? null })
    else if (entry.command) void runCommand(entry.command, acts)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = found.length - 1
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 8, PageUp: active - 8 }[
      event.key
    ]
    if (to !== undefined) setActive(Math.min(last, Math.max(0, to)))
    else if (event.key === 'Enter') choose(found[active])
    else return
    event.preventDefault()
  }
  return (
    <Dialog title="Search or run a command" onCancel={onClose} isSheet isBare>
      <input
        data-focus
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={found.length > 0 ? `${listId}-${active}` : undefined}
        aria-label="Search or run a command"
        placeholder="Search, or run a command"
        className={css.input}
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        value={words}
        onChange={(event) => {
          setWords(event.target.value)
          setActive(0)
        }}
        onKeyDown={onKeyDown}
      />
      <Choices listId={listId} found={found} active={active} onPoint={setActive} onChoose={choose} />
      {found.length === 0 && (
        <p className={css.none} role="status">
          Nothing is found. Try fewer letters, or the filter of the view.
        </p>
      )}
    </Dialog>
  )
}
