/** The window's mirror of the engine, and what only the window knows: where it is, what it tells, what is put off. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { HOME, type Route, type ViewName } from './routes.ts'
import type { Link, WindowBridge } from './window-bridge.ts'

/** Something to tell the person after an act of theirs. */
export interface Notice {
  readonly id: number
  /** `later`: nothing is done yet. `lost`: an error that ends when the engine is back. */
  readonly kind: 'later' | 'done' | 'error' | 'lost'
  readonly text: string
  /** An act that is put off and can still be called off. */
  readonly undo: (() => void) | null
}

export interface WindowState {
  readonly snapshot: AppSnapshot | null
  readonly link: Link
  /** The engine was lost: what comes next may be another one's, which counts its pictures from one again. */
  readonly isOld: boolean
  readonly route: Route
  /** Where each view was left. */
  readonly left: Readonly<Partial<Record<ViewName, Route>>>
  readonly notices: readonly Notice[]
  /** Rows that an act which is put off will take away. */
  readonly going: ReadonlySet<string>
  /** The first-run page was put off; asked again when the window is opened anew. */
  readonly isSetUpLater: boolean
  /** The first run was answered here, and goes on with connecting sessions. */
  readonly isConnecting: boolean
  /** Takes a snapshot, unless a newer one is there. */
  readonly mirror: (snapshot: AppSnapshot) => void
  readonly setLink: (link: Link) => void
  readonly setRoute: (route: Route) => void
  readonly setUpLater: () => void
  readonly setConnecting: (isConnecting: boolean) => void
  /** Tells; gives the notice's number. */
  readonly tell: (kind: Notice['kind'], text: string, undo?: () => void) => number
  readonly dismiss: (id: number) => void
  readonly setGoing: (ids: readonly string[], isGoing: boolean) => void
}
export type WindowStore = StoreApi<WindowState>

const MAX_NOTICES = 3

/** The newest few, and each one that can still be undone. */
const withinBounds = (notices: readonly Notice[]): readonly Notice[] =>
  notices.filter((notice, at) => notice.undo !== null || at >= notices.length - MAX_NOTICES)

/** An empty mirror. */
export function createWindowStore(): WindowStore {
  let lastNotice = 0
  return createStore<WindowState>()((set) => ({
    snapshot: null,
    link: 'up',
    isOld: false,
    route: HOME,
    left: {},
    notices: [],
    going: new Set(),
    isSetUpLater: false,
    isConnecting: false,
    mirror: (snapshot) =>
      set((was) => {
        const isKnown = was.snapshot !== null && snapshot.revision <= was.snapshot.revision
        return isKnown && !was.isOld ? was : { snapshot, isOld: false }
      }),
    setLink: (link) =>
      set((was) => ({
        link,
        isOld: was.isOld || link !== 'up',
        notices: link === 'up' ? was.notices.filter((notice) => notice.kind !== 'lost') : was.notices,
      })),
    setRoute: (route) => set((was) => ({ route, left: { ...was.left, [route.view]: route } })),
    setUpLater: () => set({ isSetUpLater: true, isConnecting: false }),
    setConnecting: (isConnecting) => set({ isConnecting }),
    tell: (kind, text, undo) => {
      const id = ++lastNotice
      const isNew = (notice: Notice): boolean => kind !== 'lost' || notice.kind !== 'lost'
      set((was) => ({
        notices: withinBounds([...was.notices.filter(isNew), { id, kind, text, undo: undo ?? null }]),
      }))
      return id
    },
    dismiss: (id) => set((was) => ({ notices: was.notices.filter((notice) => notice.id !== id) })),
    setGoing: (ids, isGoing) =>
      set((was) => {
        const going = new Set(was.going)
        for (const id of ids)
          if (isGoing) going.add(id)
          else going.delete(id)
        return { going }
      }),
  }))
}

/** Subscribes first and asks then, so that no change falls between; the return value ends it. */
export function followEngine(bridge: WindowBridge, store: WindowStore): () => void {
  const { mirror, setLink, tell } = store.getState()
  const stopLink = bridge.onLink(setLink)
  const stopSnapshots = bridge.onSnapshot(mirror)
  void bridge.invoke('snapshot.get', null).then((got) => {
    if (got.ok) mirror(got.value)
    else if (store.getState().link === 'up') tell('error', got.error.message)
  })
  return () => {
    stopSnapshots()
    stopLink()
  }
}
