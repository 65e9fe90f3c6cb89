/** What views act with: one way to run a command, one to ask first, one to put an act off so that it can be called off. */
import type { CommandName, CommandResult, InputOf, OutputOf } from '../../shared/protocol.ts'
import { describeError } from '../words.ts'
import type { WindowStore } from './store.ts'
import type { WindowBridge } from './window-bridge.ts'

/** Runs a command; tells the person how it went. Undefined where it failed (which was then said). */
export type Run = <K extends CommandName>(
  name: K,
  input: InputOf<K>,
  done?: string | ((value: OutputOf<K>) => string),
) => Promise<OutputOf<K> | undefined>

export interface Question {
  readonly title: string
  readonly text: string
  /** Names what is concerned, one a line. */
  readonly names?: readonly string[]
  /** The label of the act; Cancel is always the default. */
  readonly act: string
  readonly isDanger?: boolean
}
/** Asks before an act that cannot be undone. */
export type Ask = (question: Question) => Promise<boolean>

/** An act that is put off: until then its rows are hidden, and it can be called off. */
export interface Later {
  /** What will be done, as it is said until then: `Discarding 1 call`. The act says itself what became of it. */
  readonly doing: string
  /** Keys of the rows that it takes away. */
  readonly rows: readonly string[]
  readonly act: () => Promise<unknown>
}

/** Reads something to show; nothing is told where it failed. */
export type Read = <K extends CommandName>(name: K, input: InputOf<K>) => Promise<OutputOf<K> | undefined>

export interface Acts {
  readonly run: Run
  readonly read: Read
  /** As `read`, with why it failed: what is gone is told from what cannot be read now. */
  readonly readOr: <K extends CommandName>(name: K, input: InputOf<K>) => Promise<CommandResult<K>>
  readonly ask: Ask
  readonly tell: (kind: 'done' | 'error', text: string) => void
  readonly later: (later: Later) => void
  /** Tells of something that was done, with the way back from it. */
  readonly undoable: (text: string, undo: () => unknown) => void
}

/** How long an act that can be undone is put off. */
export const UNDO_MS = 10_000
const NEXT_PICTURE_MS = 1_500
export const LOST = 'Coord Tray does not answer, so nothing was done. What is shown may be old.'

/** The acts of one window. A window that is closed before an act that was put off leaves all as it was. */
export function createActs(bridge: WindowBridge, store: WindowStore, ask: Ask): Acts {
  const { tell, dismiss, setGoing } = store.getState()
  const run: Run = async (name, input, done) => {
    if (store.getState().link !== 'up') {
      tell('lost', LOST)
      return undefined
    }
    const result = await bridge.invoke(name, input)
    if (!result.ok) {
      tell('error', describeError(result.error))
      return undefined
    }
    if (done !== undefined) tell('done', typeof done === 'string' ? done : done(result.value))
    return result.value
  }
  const read: Read = async (name, input) => {
    const result = await bridge.invoke(name, input)
    return result.ok ? result.value : undefined
  }
  const readOr: Acts['readOr'] = (name, input) => bridge.invoke(name, input)
  const later: Acts['later'] = ({ doing, rows, act }) => {
    if (store.getState().link !== 'up') return void tell('lost', LOST)
    setGoing(rows, true)
    const timer = setTimeout(() => {
      dismiss(notice)
      // Its rows go with the next picture; until that is here they stay hidden.
      void act().finally(() => setTimeout(() => setGoing(rows, false), NEXT_PICTURE_MS))
    }, UNDO_MS)
    const notice = tell('later', `${doing}…`, () => {
      clearTimeout(timer)
      dismiss(notice)
      setGoing(rows, false)
    })
  }
  const undoable: Acts['undoable'] = (text, undo) => {
    const notice = tell('done', text, () => {
      dismiss(notice)
      undo()
    })
  }
  return { run, read, readOr, ask, tell: (kind, text) => void tell(kind, text), later, undoable }
}
