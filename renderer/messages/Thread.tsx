/** The messages of one conversation, a part of them at a time; those that come into view are seen by the person. */
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useActs, useCanAct, useSnapshot } from '../data/window.ts'
import { counted } from '../../shared/text.ts'
import { Button } from '../parts/Button.tsx'
import type { Conversation, Letter } from './conversations.ts'
import { LetterCard } from './LetterCard.tsx'
import css from './Thread.module.css'
import { useBodies } from './use-bodies.ts'

const STEP = 20
/** So near to its end counts as being there. */
const NEAR_PX = 40

interface ThreadProps {
  readonly conversation: Conversation
  /** The message that an address names. */
  readonly target: string
  readonly onQuote: (letter: Letter, body: string) => void
}

/** Tells the engine which new messages came into the person's view. */
function useSeen(pane: React.RefObject<HTMLElement | null>, key: string): void {
  const acts = useActs()
  const canAct = useCanAct()
  useEffect(() => {
    const node = pane.current
    if (!node || !canAct) return
    const told = new Set<string>()
    const observer = new IntersectionObserver(
      (entries) => {
        const ids = entries.flatMap((entry) => {
          const id = (entry.target as HTMLElement).dataset['letter']
          return entry.isIntersecting && id !== undefined && !told.has(id) ? [id] : []
        })
        if (ids.length === 0) return
        for (const id of ids) told.add(id)
        void acts.read('message.seen', { ids })
      },
      { root: node.parentElement },
    )
    for (const letter of node.querySelectorAll('[data-letter][data-new]')) observer.observe(letter)
    return () => observer.disconnect()
  }, [acts, canAct, pane, key])
}

/** A notification's message is opened, also where it was seen before: the engine then takes the wish back. */
function useOpened(target: string): void {
  const acts = useActs()
  const isWished = useSnapshot((all) => all.openMessage === target)
  useEffect(() => {
    if (isWished) void acts.read('message.seen', { ids: [target] })
  }, [acts, isWished, target])
}

export function Thread({ conversation, target, onQuote }: ThreadProps) {
  const { letters } = conversation
  const targetAt = Math.max(
    0,
    letters.findIndex((one) => one.id === target),
  )
  const [part, setPart] = useState({ target, before: STEP, after: STEP })
  const { before, after } = part.target === target ? part : { before: STEP, after: STEP }
  const from = Math.max(0, targetAt - before)
  const to = Math.min(letters.length, targetAt + after + 1)
  const shown = letters.slice(from, to)
  const bodies = useBodies(shown.map((one) => one.id))
  const isReady = bodies.has(target)
  const pane = useRef<HTMLDivElement>(null)

  useSeen(pane, isReady ? shown.map((one) => `${one.id}${one.isNew ? '+' : ''}`).join() : '')
  useOpened(target)

  // What an address names is brought into view when it is there with its text, and once only.
  const place = useRef<string | null>(null)
  useLayoutEffect(() => {
    if (!isReady || place.current === target) return
    place.current = target
    const scroller = pane.current?.parentElement
    const node = pane.current?.querySelector(`[data-letter="${CSS.escape(target)}"]`)
    // Not `scrollIntoView`: that would move what stands around the thread, too.
    if (scroller && node)
      scroller.scrollBy({
        top: node.getBoundingClientRect().top - scroller.getBoundingClientRect().top,
      })
  }, [isReady, target])

  const below = useBelow(pane, letters, to === letters.length)
  return (
    <div className={css.thread} ref={pane}>
      {from > 0 && (
        <Button isLocal onClick={() => setPart({ target, before: before + STEP, after })}>
          Show earlier ones ({from.toLocaleString('en-US')})
        </Button>
      )}
      {shown.map((letter) => (
        <LetterCard
          key={letter.id}
          letter={letter}
          body={bodies.get(letter.id)}
          isTarget={letter.id === target && letters.length > 1}
          onQuote={(body) => onQuote(letter, body)}
        />
      ))}
      {to < letters.length && (
        <Button isLocal onClick={() => setPart({ target, before, after: after + STEP })}>
          Show later ones ({(letters.length - to).toLocaleString('en-US')})
        </Button>
      )}
      {below.count > 0 && (
        <div className={css.below}>
          <Button isLocal look="primary" onClick={below.show}>
            {counted(below.count, 'new message')} below
          </Button>
        </div>
      )}
    </div>
  )
}

/** Follows what comes at the end while the person is there; else counts it. */
function useBelow(pane: React.RefObject<HTMLElement | null>, letters: readonly Letter[], isAtLast: boolean) {
  const newestId = letters.at(-1)?.id
  const [count, setCount] = useState(0)
  const isNear = useRef(true)
  const last = useRef(newestId)
  const scrollToEnd = (): void => {
    const scroller = pane.current?.parentElement
    scroller?.scrollTo({ top: scroller.scrollHeight })
  }
  useEffect(() => {
    const scroller = pane.current?.parentElement
    if (!scroller) return
    const note = (): void => {
      isNear.current = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX
      if (isNear.current) setCount(0)
    }
    note()
    scroller.addEventListener('scroll', note)
    return () => scroller.removeEventListener('scroll', note)
  }, [pane])
  useEffect(() => {
    if (last.current === newestId) return
    const lastAt = letters.findIndex((one) => one.id === last.current)
    last.current = newestId
    const scroller = pane.current?.parentElement
    if (isNear.current && isAtLast) scroller?.scrollTo({ top: scroller.scrollHeight })
    else setCount((was) => was + (lastAt < 0 ? 1 : letters.length - 1 - lastAt))
  }, [newestId, letters, isAtLast, pane])
  return { count, show: scrollToEnd }
}
