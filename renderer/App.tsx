/** What the window shows: that it asks, the first run, or the frame with its views; and over them questions and the quit. */
import { createElement, useEffect, useMemo, useState, type ReactNode } from 'react'
import { createActs, type Question } from './data/acts.ts'
import { fromHash, type ViewName } from './data/routes.ts'
import type { WindowStore } from './data/store.ts'
import { go, useWindow, WindowContext } from './data/window.ts'
import type { WindowBridge } from './data/window-bridge.ts'
import { fetchCode, useFetched, useFetchedAhead, type Load } from './frame/fetched.ts'
import { Frame } from './frame/Frame.tsx'
import { LazyView } from './frame/LazyView.tsx'
import { NowView } from './now/NowView.tsx'
import { setVoice } from './parts/announce.ts'
import { ConfirmDialog } from './parts/Dialog.tsx'
import { LinkWords } from './parts/LinkWords.tsx'
import css from './App.module.css'

const LAZY_VIEWS = {
  queue: () => import('./queue/QueueView.tsx').then((all) => all.QueueView),
  messages: () => import('./messages/MessagesView.tsx').then((all) => all.MessagesView),
  locks: () => import('./locks/LocksView.tsx').then((all) => all.LocksView),
  board: () => import('./board/BoardView.tsx').then((all) => all.BoardView),
  settings: () => import('./settings/SettingsView.tsx').then((all) => all.SettingsView),
  check: () => import('./check/CheckView.tsx').then((all) => all.CheckView),
} as const satisfies Record<Exclude<ViewName, 'now'>, Load>
const loadFirstRun: Load = () => import('./first-run/FirstRunView.tsx').then((all) => all.FirstRunView)
const loadQuit: Load = () => import('./parts/QuitDialog.tsx').then((all) => all.QuitDialog)
const ALL_LAZY = [...Object.values(LAZY_VIEWS), loadQuit]

// What the address names is wanted before the engine's picture is there.
const opened = fromHash(location.hash).view
if (opened !== 'now') void fetchCode(LAZY_VIEWS[opened])

/** Now is what a window opens with; the others come by themselves. */
const drawView = (view: ViewName): ReactNode => {
  if (view === 'now') return <NowView />
  return <LazyView key={view} view={view} load={LAZY_VIEWS[view]} />
}

function Asking() {
  const link = useWindow((state) => state.link)
  return (
    <main className={css.asking}>
      <h1 className="hidden">Coord Tray</h1>
      {link === 'up' && <p role="status">Asking Coord Tray how things are…</p>}
      {link !== 'up' && (
        <p role="alert">
          <LinkWords link={link} isShown={false} />
        </p>
      )}
    </main>
  )
}

/** A click on a notification opens its message, once. */
function useWish(): void {
  const wish = useWindow((state) => state.snapshot?.openMessage ?? null)
  useEffect(() => {
    if (wish !== null) go({ view: 'messages', id: wish, project: null })
  }, [wish])
}

function FirstRun() {
  const shown = useFetched(loadFirstRun)
  return typeof shown === 'string' ? <Asking /> : createElement(shown)
}

/** Fetched ahead: a program that quits gives no code any more. */
function Quitting() {
  const shown = useFetched(loadQuit)
  return typeof shown === 'string' ? null : createElement(shown)
}

function Inside() {
  const isThere = useWindow((state) => state.snapshot !== null)
  const isSetUp = useWindow(
    ({ snapshot, isSetUpLater, isConnecting }) =>
      (snapshot?.settings.isSetUp === true && !isConnecting) || isSetUpLater,
  )
  const isQuitting = useWindow(
    ({ snapshot, link }) =>
      // An engine that is gone has quit: nobody would answer the question.
      link === 'up' && snapshot !== null && (snapshot.quit.isAsking || snapshot.quit.isReleasing),
  )
  useWish()
  useFetchedAhead(ALL_LAZY)
  if (!isThere) return <Asking />
  return (
    <>
      {isSetUp ? <Frame>{drawView}</Frame> : <FirstRun />}
      {isQuitting && <Quitting />}
    </>
  )
}

/** Keeps the store's route that of the address. */
function useAddress(store: WindowStore): void {
  useEffect(() => {
    const { setRoute } = store.getState()
    const read = (): void => setRoute(fromHash(location.hash))
    read()
    window.addEventListener('hashchange', read)
    return () => window.removeEventListener('hashchange', read)
  }, [store])
}

interface Asked {
  readonly number: number
  readonly question: Question
  readonly answer: (isYes: boolean) => void
}
let nextQuestion = 0

export function App({ bridge, store }: { readonly bridge: WindowBridge; readonly store: WindowStore }) {
  // One question at a time: an act that was put off may ask while another one is answered.
  const [questions, setQuestions] = useState<readonly Asked[]>([])
  const [asked] = questions
  useAddress(store)
  const tools = useMemo(
    () => ({
      store,
      acts: createActs(
        bridge,
        store,
        (question) =>
          new Promise((resolve) =>
            setQuestions((was) => [...was, { number: nextQuestion++, question, answer: resolve }]),
          ),
      ),
    }),
    [bridge, store],
  )
  return (
    <WindowContext value={tools}>
      <Inside />
      <div className="hidden" role="status" aria-live="polite" ref={setVoice} />
      {asked && (
        <ConfirmDialog
          key={asked.number}
          question={asked.question}
          onAnswer={(isYes) => {
            setQuestions((was) => was.filter((one) => one !== asked))
            asked.answer(isYes)
          }}
        />
      )}
    </WindowContext>
  )
}
