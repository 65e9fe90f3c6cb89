/** The window's mirror of the engine, and what only the window knows: the open tab and what to tell the person. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import type { Link, WindowBridge } from './window-bridge.ts'

export const tabNames = ['now', 'queue', 'messages', 'locks', 'board', 'settings', 'check'] as const
export type TabName = (typeof tabNames)[number]

/** Something to tell the person after an act of theirs. */
export interface Notice {
  readonly id: number
  readonly kind: 'done' | 'error'
  readonly text: string
}

export interface WindowState {
  readonly snapshot: AppSnapshot | null
  readonly link: Link
  readonly tab: TabName
  readonly notices: readonly Notice[]
  /** The first-run page was put off; asked again when the window is opened anew. */
  readonly isSetUpLater: boolean
  /** Takes a snapshot, unless a newer one is there. */
  readonly mirror: (snapshot: AppSnapshot) => void
  readonly setLink: (link: Link) => void
  readonly setUpLater: () => void
  readonly show: (tab: TabName) => void
  readonly tell: (kind: Notice['kind'], text: string) => void
  readonly dismiss: (id: number) => void
}
export type WindowStore = StoreApi<WindowState>

const MAX_NOTICES = 3

/** An empty mirror. */
export function createWindowStore(): WindowStore {
  let lastNotice = 0
  return createStore<WindowState>()((set) => ({
    snapshot: null,
    link: 'up',
    tab: 'now',
    notices: [],
    isSetUpLater: false,
    mirror: (snapshot) =>
      set((was) => {
        if (was.snapshot && snapshot.revision <= was.snapshot.revision) return was
        // A click on a notification asks for its message once, when it is new.
        const isAsked = snapshot.openMessage !== null && snapshot.openMessage !== was.snapshot?.openMessage
        return { snapshot, ...(isAsked ? { tab: 'messages' as const } : {}) }
      }),
    setLink: (link) => set({ link }),
    setUpLater: () => set({ isSetUpLater: true }),
    show: (tab) => set({ tab }),
    tell: (kind, text) =>
      set((was) => ({ notices: [...was.notices, { id: ++lastNotice, kind, text }].slice(-MAX_NOTICES) })),
    dismiss: (id) => set((was) => ({ notices: was.notices.filter((notice) => notice.id !== id) })),
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
