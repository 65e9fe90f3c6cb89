// How electron-builder puts program and runtime together. `npm run package` (build/scripts/package.mjs) stages the files and
// sets COORD_PACK_*; on Linux it also makes the packages (build/scripts/package/), and electron-builder only their folder.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const { COORD_PACK_STAGE, COORD_PACK_OUT, COORD_PACK_ELECTRON, COORD_PACK_VERSION, COORD_PACK_E2E } =
  process.env
if (!COORD_PACK_STAGE) throw new Error('run this through `npm run package`')
/** Electron 22, for trials: its fuse wire has seven fuses only. */
const isStandIn = COORD_PACK_VERSION.startsWith('22.')
const signer = process.env.CSC_NAME
/** Licence, notices and SBOM: beside Electron's own, where a person looks for them. */
const legal = { from: join(COORD_PACK_STAGE, '../legal'), to: '.' }
const completion = {
  from: join(COORD_PACK_STAGE, 'dist/cli/completions/coord.ps1'),
  to: 'completions/coord.ps1',
}

export default {
  appId: 'local.coord-tray',
  productName: 'Coord Tray',
  directories: { app: COORD_PACK_STAGE, output: COORD_PACK_OUT, buildResources: at('packaging') },
  electronVersion: COORD_PACK_VERSION,
  ...(COORD_PACK_ELECTRON ? { electronDist: COORD_PACK_ELECTRON } : {}),
  // The stage holds what is to be packed, and nothing else.
  files: ['**/*', '!node_modules/**'],
  asar: true,
  // A plain Node (COORD_NODE) reads no archive: what it may be asked to run lies beside it.
  asarUnpack: ['dist/cli/**'],
  npmRebuild: false,
  publish: null,
  compression: 'normal',
  electronLanguages: ['en', 'de'],
  electronFuses: {
    // On: the installed `coord` and the API's process are this executable run as Node (electron/desktop/SECURITY.md).
    runAsNode: true,
    enableCookieEncryption: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: COORD_PACK_E2E === '1',
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    ...(isStandIn ? {} : { grantFileProtocolExtraPrivileges: false }),
    resetAdHocDarwinSignature: true,
  },
  // A runtime from a folder is copied with what only an unpackaged one needs.
  afterExtract: ({ appOutDir, electronPlatformName }) => {
    if (!COORD_PACK_ELECTRON || electronPlatformName === 'darwin') return
    rmSync(join(appOutDir, 'resources/default_app.asar'), { force: true })
    rmSync(join(appOutDir, 'version'), { force: true })
  },
  linux: {
    target: ['dir'],
    icon: join(COORD_PACK_STAGE, '../icons'),
    executableName: 'coord-tray',
    syncDesktopName: true,
    extraFiles: [{ from: at('packaging/coord'), to: 'coord' }, legal],
  },
  win: {
    target: [{ target: 'nsis', arch: ['x64'] }, 'zip'],
    executableName: 'coord-tray',
    icon: at('icons/drawn/app.ico'),
    // a folder of its own: what is on the path names one command
    extraFiles: [{ from: at('packaging/coord.cmd'), to: 'bin/coord.cmd' }, legal, completion],
  },
  nsis: {
    oneClick: true,
    perMachine: false,
    deleteAppDataOnUninstall: false,
    runAfterFinish: true,
    include: at('packaging/installer.nsh'),
  },
  mac: {
    target: ['dmg', 'zip'].map((target) => ({ target, arch: ['x64', 'arm64'] })),
    category: 'public.app-category.developer-tools',
    icon: at('icons/drawn/app.icns'),
    extraResources: [
      { from: at('packaging/coord-macos'), to: 'bin/coord' },
      { from: legal.from, to: 'legal' },
    ],
    entitlements: at('packaging/entitlements.mac.plist'),
    entitlementsInherit: at('packaging/entitlements.mac.plist'),
    // Without a certificate: an ad-hoc signature of the whole bundle, which the hardened runtime would refuse.
    identity: signer ?? '-',
    hardenedRuntime: signer !== undefined,
    extendInfo: { LSUIElement: true, NSUserNotificationAlertStyle: 'alert' },
  },
}
