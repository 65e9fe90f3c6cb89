/** The frame around the views: state line, tabs, notices, dialogs. */
import { useEffect, useMemo, useState, type KeyboardEvent } from 'react'
import { useStore } from 'zustand'
import type { AppSnapshot } from '../shared/snapshot.ts'
import type { Link, WindowBridge } from './data/window-bridge.ts'
import { ConfirmDialog } from './parts/Dialog.tsx'
import type { Acts, Question, Run } from './parts/acts.ts'
import { useNow } from './parts/Time.tsx'
import { tabNames, type Notice, type TabName, type WindowStore } from './data/store.ts'
import { BoardView } from './board/BoardView.tsx'
import { CheckView } from './check/CheckView.tsx'
import { FirstRunView } from './first-run/FirstRunView.tsx'
import { LocksView } from './locks/LocksView.tsx'
import { MessagesView } from './messages/MessagesView.tsx'
import { NowView } from './now/NowView.tsx'
import { QueueView } from './queue/QueueView.tsx'
import { QuitDialog } from './parts/QuitDialog.tsx'
import { SettingsView } from './settings/SettingsView.tsx'
import { counted } from '../shared/text.ts'
import { describeError, describeState } from './words.ts'

const TITLES: Readonly<Record<TabName, string>> = {
  now: 'Now',
  queue: 'Queue',
  messages: 'Messages',
  locks: 'Locks',
  board: 'Board',
  settings: 'Settings',
  check: 'Check',
}

/** What a tab's number counts, in words too. */
function countOf(tab: TabName, snapshot: AppSnapshot): { n: number; words: string } {
  const { totals, attention } = snapshot
  switch (tab) {
    case 'now':
      return { n: attention.length, words: `${counted(attention.length, 'thing')} to look at` }
    case 'queue':
      return {
        n: totals.waiting + totals.setAside,
        words: `${totals.waiting} waiting, ${totals.setAside} set aside`,
      }
    case 'messages':
      return { n: totals.unread, words: `${totals.unread} unread` }
    case 'locks':
      return { n: totals.locksMine, words: `${totals.locksMine} held by this machine` }
    case 'board':
    case 'settings':
    case 'check':
      return { n: 0, words: '' }
  }
}

const shortCount = (n: number): string => (n > 999 ? '999+' : String(n))

function LinkBanner({ link }: { link: Link }) {
  if (link === 'up') return null
  return (
    <div className="banner" role="alert">
      {link === 'lost' ? (
        <>
          <strong>The connection to Coord Tray is lost.</strong> What you see may be old. Trying again by
          itself; if it does not come back, start Coord Tray again.
        </>
      ) : (
        <>
          <strong>This page has no valid key.</strong> Open the window from Coord Tray again: its address
          carries a new one.
        </>
      )}
    </div>
  )
}

function NoticeBar({ notice, onDismiss }: { notice: Notice; onDismiss: () => void }) {
  const isDone = notice.kind === 'done'
  useEffect(() => {
    if (!isDone) return
    const timer = setTimeout(onDismiss, 10_000)
    return () => clearTimeout(timer)
    // eslint-disable-next-line react-hooks/exhaustive-deps -- one timer for the life of the notice
  }, [])
  return (
    <div className={`notice ${notice.kind}`}>
      <p>{notice.text}</p>
      <button className="quiet" onClick={onDismiss} aria-label="Dismiss this notice">
        ✕
      </button>
    </div>
  )
}

export function App({ bridge, store }: { bridge: WindowBridge; store: WindowStore }) {
  const { snapshot, link, tab, notices, isSetUpLater, setUpLater, show, tell, dismiss } = useStore(store)
  const [asked, setAsked] = useState<{ question: Question; answer: (isYes: boolean) => void } | null>(null)
  const now = useNow()

  const acts = useMemo<Acts>(() => {
    const run: Run = async (name, input, done) => {
      const result = await bridge.invoke(name, input)
      if (!result.ok) {
        tell('error', describeError(result.error))
        return undefined
      }
      if (done !== undefined) tell('done', typeof done === 'string' ? done : done(result.value))
      return result.value
    }
    return {
      run,
      tell,
      ask: (question) => new Promise((resolve) => setAsked({ question, answer: resolve })),
    }
  }, [bridge, tell])

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return
      const target = event.target as HTMLElement
      if (target.closest('input, textarea, select, dialog')) return
      const wanted = tabNames[Number(event.key) - 1]
      if (!wanted || !/^[1-7]$/.test(event.key)) return
      show(wanted)
      document.getElementById(`tab-${wanted}`)?.focus()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [show])

  const onTabKey = (event: KeyboardEvent): void => {
    const at = tabNames.indexOf(tab)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabNames.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const wanted = tabNames[(to + tabNames.length) % tabNames.length] ?? 'now'
    show(wanted)
    document.getElementById(`tab-${wanted}`)?.focus()
  }

  if (!snapshot) {
    return (
      <main className="frame">
        <h1 className="hidden">Coord Tray</h1>
        <LinkBanner link={link} />
        <p className="empty" role="status">
          {link === 'up' ? 'Asking Coord Tray how things are…' : ''}
        </p>
      </main>
    )
  }

  const overlays = (
    <>
      <div className="notices" role="log" aria-live="polite" aria-label="Notices">
        {notices.map((notice) => (
          <NoticeBar key={notice.id} notice={notice} onDismiss={() => dismiss(notice.id)} />
        ))}
      </div>
      {asked && (
        <ConfirmDialog
          question={asked.question}
          onAnswer={(isYes) => {
            setAsked(null)
            asked.answer(isYes)
          }}
        />
      )}
    </>
  )
  if (!snapshot.settings.isSetUp && !isSetUpLater) {
    return (
      <>
        <LinkBanner link={link} />
        <FirstRunView snapshot={snapshot} acts={acts} onLater={setUpLater} />
        {overlays}
        {(snapshot.quit.isAsking || snapshot.quit.isReleasing) && (
          <QuitDialog snapshot={snapshot} now={now} acts={acts} show={show} />
        )}
      </>
    )
  }

  const state = describeState(snapshot)
  const view = { snapshot, now, acts, show }
  return (
    <div className="frame">
      <header>
        <h1 className="hidden">Coord Tray</h1>
        <p className={`state ${snapshot.connection.state}`} role="status">
          <span className="mark" aria-hidden="true" />
          <span>
            <strong>{state.title}.</strong> {state.meaning}
          </span>
        </p>
        <div role="tablist" aria-label="Views" className="tabs" onKeyDown={onTabKey}>
          {tabNames.map((name, at) => {
            const { n, words } = countOf(name, snapshot)
            return (
              <button
                key={name}
                role="tab"
                id={`tab-${name}`}
                aria-controls="panel"
                aria-selected={tab === name}
                tabIndex={tab === name ? 0 : -1}
                title={`${TITLES[name]} (${at + 1})`}
                onClick={() => show(name)}
              >
                {TITLES[name]}
                {n > 0 && (
                  <>
                    <span className="count" aria-hidden="true">
                      {shortCount(n)}
                    </span>
                    <span className="hidden">, {words}</span>
                  </>
                )}
              </button>
            )
          })}
        </div>
      </header>
      <LinkBanner link={link} />
      <main id="panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'now' && <NowView {...view} />}
        {tab === 'queue' && <QueueView {...view} />}
        {tab === 'messages' && <MessagesView {...view} />}
        {tab === 'locks' && <LocksView {...view} />}
        {tab === 'board' && <BoardView {...view} />}
        {tab === 'settings' && <SettingsView {...view} />}
        {tab === 'check' && <CheckView {...view} />}
      </main>
      {overlays}
      {(snapshot.quit.isAsking || snapshot.quit.isReleasing) && <QuitDialog {...view} />}
    </div>
  )
}
