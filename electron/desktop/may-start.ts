/** Whether this process is to be the app: the data folder can be used, and no other one runs. Else it ends and says why. */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { folderWords, type FolderFault } from '../../shared/data-folder.ts'
import type { ElectronParts, Surroundings } from './electron-parts.ts'
import { prepareApp } from './prepare-app.ts'
import { isHeldHere, takeInstanceLock } from './single-instance.ts'

type Parts = Pick<ElectronParts, 'app' | 'crashReporter' | 'dialog' | 'Menu' | 'protocol'>

export interface DataFolders {
  /** Must be usable beside Electron's own profile, else the app ends and says so. */
  readonly dataFolders: readonly string[]
  /** Why such a folder cannot be used; null where it can. */
  readonly findFolderFault: (path: string) => FolderFault | null
}

/** On stderr and on the screen; exit 1. The profile moves away first: Chromium could not start in that folder either. */
async function endWith(electron: Parts, surroundings: Surroundings, fault: FolderFault): Promise<void> {
  const { app, dialog } = electron
  const { text, wayOut } = folderWords(fault)
  surroundings.stderr.write(`Coord Tray cannot start. ${text}\n${wayOut}\n`)
  try {
    app.setPath('userData', mkdtempSync(join(app.getPath('temp'), 'coord-tray-')))
    prepareApp(electron, surroundings)
    await app.whenReady()
    dialog.showErrorBox('Coord Tray cannot start', `${text}\n\n${wayOut}`)
  } catch {
    // No place even for the message: stderr has it.
  }
  app.exit(1)
}

/** False: this process ends, with code 0 where another one runs and was told, with 1 and a word for the person else. */
export async function mayStart(
  electron: Parts,
  surroundings: Surroundings,
  { dataFolders, findFolderFault }: DataFolders,
  isHidden: boolean,
  onSecondStart: () => void,
): Promise<boolean> {
  const { app } = electron
  const { platform } = surroundings
  const userData = app.getPath('userData')
  let fault: FolderFault | null = null
  for (const folder of [...dataFolders, userData]) fault ??= findFolderFault(folder)
  // The one that runs may have filled the disk: it is shown all the same.
  if (fault !== null && !isHeldHere(userData)) {
    await endWith(electron, surroundings, fault)
    return false
  }
  if (takeInstanceLock(app, isHidden, onSecondStart)) return true
  // On Windows a window of the other one is the lock, and no file.
  if (platform !== 'win32' && !isHeldHere(userData))
    await endWith(electron, surroundings, { code: 'no-lock', path: userData })
  else {
    surroundings.stderr.write('Coord Tray runs already; this start ends.\n')
    app.exit(0)
  }
  return false
}
