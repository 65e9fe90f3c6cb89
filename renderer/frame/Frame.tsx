/** The frame around the views: the sidebar, the view that the address names, notices, questions, sheets. */
import { useEffect, useState, type ComponentType, type ReactNode } from 'react'
import type { ViewName } from '../data/routes.ts'
import { useRoute, useSnapshot, useWindow } from '../data/window.ts'
import { say } from '../parts/announce.ts'
import { Notices } from '../parts/Notices.tsx'
import { describePill, describeState, NO_ANSWER } from '../words.ts'
import css from './Frame.module.css'
import { useKeys } from './keys.ts'
import { LinkBanner } from './LinkBanner.tsx'
import { onOpen, type SheetName } from './open.ts'
import { Sidebar } from './Sidebar.tsx'
import { countOf, VIEWS } from './views.ts'

type Sheet = ComponentType<{ readonly onClose: () => void }>

/** The sheets, fetched once the window has nothing else to do: the first key typed into one is then not lost. */
function useSheets(): Readonly<Partial<Record<SheetName, Sheet>>> {
  const link = useWindow((state) => state.link)
  const [sheets, setSheets] = useState<Partial<Record<SheetName, Sheet>>>({})
  useEffect(() => {
    const fetchThem = async (): Promise<void> => {
      const [{ Palette }, { HelpSheet }] = await Promise.all([
        import('./palette/Palette.tsx'),
        import('./HelpSheet.tsx'),
      ])
      setSheets({ palette: Palette, help: HelpSheet })
    }
    // Where they cannot be had, the engine is gone, and the frame says so.
    if (link !== 'up') return
    const timer = requestIdleCallback(() => void fetchThem().catch(() => undefined), { timeout: 1_000 })
    return () => cancelIdleCallback(timer)
  }, [link])
  return sheets
}

/** Says how things are when that changes; numbers alone are not said. */
function useSpokenState(): void {
  const link = useWindow((state) => state.link)
  const state = useSnapshot((all) => all.connection.state)
  const words = useSnapshot((all) => {
    const { title, meaning } = describeState(all)
    return `${title}. ${meaning}`
  })
  const pill = useSnapshot((all) => (link === 'lost' ? NO_ANSWER : describePill(all, link).text))
  useEffect(() => {
    say(link === 'up' ? words : pill)
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the words are said when the state is another one
  }, [link, state])
}

/** `(3) Queue · Coord Tray`: what a person sees of the window when it is not in front. */
function useTitle(view: ViewName): void {
  const going = useWindow((state) => state.going)
  const needs = useSnapshot((all) => countOf('now', all, going)?.n ?? 0)
  const title = `${needs > 0 ? `(${needs}) ` : ''}${VIEWS[view].title} · Coord Tray`
  useEffect(() => {
    document.title = title
  }, [title])
}

export function Frame({ children }: { readonly children: (view: ViewName) => ReactNode }) {
  const { view } = useRoute()
  const [sheet, setSheet] = useState<SheetName | null>(null)
  useEffect(() => onOpen(setSheet), [])
  const sheets = useSheets()
  const Shown = sheet === null ? undefined : sheets[sheet]
  useKeys()
  useSpokenState()
  useTitle(view)
  return (
    <div className={css.frame}>
      <Sidebar />
      <main className={css.main}>
        <LinkBanner />
        {children(view)}
        <Notices />
      </main>
      {Shown && <Shown onClose={() => setSheet(null)} />}
    </div>
  )
}
