/** The one throttle between the state and its fronts: a change is seen within 100 ms, and at most ten times a second. */
import type { AppSnapshot } from '../../../shared/snapshot.ts'
import type { Clock } from '../ports.ts'
import type { TrayView } from './views/to-tray-view.ts'

export const PUBLISH_EVERY_MS = 100

export interface PublisherDeps {
  readonly clock: Clock
  readonly snapshot: () => AppSnapshot
  readonly trayView: () => TrayView
  readonly tellSnapshot: (snapshot: AppSnapshot) => void
  readonly tellTrayView: (view: TrayView) => void
}

export interface Publisher {
  /** Something changed. */
  readonly soon: () => void
  /** Something changed that a person waits to see. */
  readonly now: () => void
  readonly stop: () => void
}

export function createPublisher(deps: PublisherDeps): Publisher {
  let cancel: (() => void) | null = null
  let lastTray = ''
  const now = (): void => {
    cancel?.()
    cancel = null
    deps.tellSnapshot(deps.snapshot())
    const view = deps.trayView()
    const text = JSON.stringify(view)
    if (text === lastTray) return
    lastTray = text
    deps.tellTrayView(view)
  }
  return {
    soon: () => void (cancel ??= deps.clock.schedule(PUBLISH_EVERY_MS, now)),
    now,
    stop() {
      cancel?.()
      cancel = null
    },
  }
}
