/** Asks the frame for one of its sheets, from anywhere in the window. */

export type SheetName = 'palette' | 'help'
const listeners = new Set<(sheet: SheetName) => void>()

export function onOpen(listener: (sheet: SheetName) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
const open = (sheet: SheetName): void => {
  for (const listener of listeners) listener(sheet)
}
export const openPalette = (): void => open('palette')
export const openHelp = (): void => open('help')
