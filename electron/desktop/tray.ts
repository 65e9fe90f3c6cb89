/** The tray item: created once, then updated in place by what differs. */
import type { Menu as ElectronMenu, MenuItemConstructorOptions, NativeImage } from 'electron'
import type { TrayAction, TrayMenuItem, TrayView } from './desktop-engine.ts'
import type { TrayPart } from './electron-parts.ts'

export interface TrayDeps {
  readonly createTray: (image: NativeImage) => TrayPart
  readonly platform: NodeJS.Platform
  readonly buildMenu: (template: MenuItemConstructorOptions[]) => ElectronMenu
  readonly iconFor: (view: TrayView) => NativeImage
  readonly onAction: (action: TrayAction) => void
}

const LABEL_LIMIT = 120

/** One line, short, and `&` doubled: a single one would mark an access key. */
export const toLabel = (text: string): string => {
  const flat = text.replace(/\s+/g, ' ').trim()
  return (flat.length > LABEL_LIMIT ? `${flat.slice(0, LABEL_LIMIT - 1)}…` : flat).replaceAll('&', '&&')
}

export function toTemplate(
  items: readonly TrayMenuItem[],
  onAction: (action: TrayAction) => void,
): MenuItemConstructorOptions[] {
  return items.map((item) => {
    switch (item.kind) {
      case 'separator':
        return { type: 'separator' as const }
      case 'text':
        return { label: toLabel(item.label), enabled: false }
      case 'action':
        return { label: toLabel(item.label), click: () => onAction(item.action) }
    }
  })
}

export interface DesktopTray {
  update(view: TrayView): void
  /** Draws the icon again: the panel turned dark or light. */
  redraw(): void
  destroy(): void
}

export function createDesktopTray(deps: TrayDeps, first: TrayView): DesktopTray {
  let shown = first
  const menuOf = (view: TrayView): ElectronMenu => deps.buildMenu(toTemplate(view.menu, deps.onAction))
  // Hosts ask for the menu as soon as they see the icon: it is built before, and set before anything else.
  const menu = menuOf(first)
  const tray = deps.createTray(deps.iconFor(first))
  tray.setContextMenu(menu)
  tray.setToolTip(first.tooltip)
  // Beside the icon; no other system has a place for it.
  const showCount = ({ count }: TrayView): void => tray.setTitle(count > 0 ? String(count) : '')
  if (deps.platform === 'darwin' && first.count > 0) showCount(first)
  // A click opens the menu on macOS, and the window elsewhere; there a second click of a pair would be lost.
  if (deps.platform === 'darwin') tray.setIgnoreDoubleClickEvents(true)
  else tray.on('click', () => deps.onAction({ kind: 'open' }))
  return {
    update(view) {
      if (view.icon !== shown.icon || view.isSilent !== shown.isSilent) tray.setImage(deps.iconFor(view))
      if (deps.platform === 'darwin' && view.count !== shown.count) showCount(view)
      if (view.tooltip !== shown.tooltip) tray.setToolTip(view.tooltip)
      // On Linux a changed menu reaches the host only this way; an unchanged one set again makes some hosts flicker.
      if (JSON.stringify(view.menu) !== JSON.stringify(shown.menu)) tray.setContextMenu(menuOf(view))
      shown = view
    },
    redraw: () => tray.setImage(deps.iconFor(shown)),
    destroy: () => tray.destroy(),
  }
}
