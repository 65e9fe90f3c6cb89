/**
 * The tray item is made once somebody shows such items, whenever that is, and anew for each host that comes. Made before,
 * or for a host that ended before it had taken it, Chromium falls back to the older XEmbed form for the life of the item,
 * and a panel that comes later and knows only the newer form shows nothing.
 */
import type { TrayView } from './desktop-engine.ts'
import type { Watched } from './bus/desktop-bus.ts'
import type { DesktopTray } from './tray.ts'

export interface KeepTrayDeps {
  readonly host: Watched
  /** Makes the item as the engine's view is now. */
  readonly make: () => DesktopTray
  /** Some bars of X11 know only the older form, and no bus tells of them: after the wait the item is made for these. */
  readonly hasOlderForm: boolean
  /** Nobody showed tray items for so long: told once. */
  readonly patienceMs: number
  readonly onMissing: () => void
}

export interface KeptTray {
  update(view: TrayView): void
  redraw(): void
  /** A person finds the item now, as far as can be told. */
  isShown(): boolean
  stop(): void
}

export function keepTray(deps: KeepTrayDeps): KeptTray {
  let tray: DesktopTray | undefined
  let isOlderForm = false
  let isTold = false
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  const onPatienceOver = (): void => {
    timer = undefined
    if (tray === undefined && deps.hasOlderForm) {
      tray = deps.make()
      isOlderForm = true
    }
    if (isTold) return
    isTold = true
    deps.onMissing()
  }
  const drop = (): void => {
    tray?.destroy()
    tray = undefined
    isOlderForm = false
  }
  deps.host.follow((presence) => {
    if (isStopped) return
    if (presence === 'absent') {
      // Nothing tells whether that host had taken it.
      drop()
      timer ??= setTimeout(onPatienceOver, deps.patienceMs)
      return
    }
    clearTimeout(timer)
    timer = undefined
    // Only made anew does it take the newer form.
    if (isOlderForm) drop()
    tray ??= deps.make()
  })
  return {
    update: (view) => tray?.update(view),
    redraw: () => tray?.redraw(),
    isShown: () => tray !== undefined && deps.host.now() !== 'absent',
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
