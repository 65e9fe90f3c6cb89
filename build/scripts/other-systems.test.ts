/** The packages of Windows and macOS, as far as Linux can make or run them; the installers themselves are made there. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, win32 } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { npmTool } from './lib/npm-tool.mjs'

const root = join(import.meta.dirname, '../..')
const packaging = (name: string): string => join(root, 'build/packaging', name)
let temp: string
beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), 'coord-other-systems-'))
})
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const put = (file: string, text: string | Buffer, mode = 0o644): string => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}
const hasNsis = spawnSync('makensis', ['-VERSION']).status === 0

describe('macOS', () => {
  const apps = (): string => join(temp, 'Applications/Coord Tray.app/Contents')
  const coord = (file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    execFileSync(file, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } })
      .trim()
      .split('\n')
  beforeAll(() => {
    put(join(apps(), 'Resources/bin/coord'), readFileSync(packaging('coord-macos')), 0o755)
    const tell = '#!/bin/sh\necho "as-node=$ELECTRON_RUN_AS_NODE"\nfor one in "$@"; do echo "$one"; done\n'
    put(join(apps(), 'MacOS/Coord Tray'), tell, 0o755)
    put(join(temp, 'node'), tell, 0o755)
  })

  it('coord runs by the bundle’s own executable, through any chain of links', () => {
    const bin = join(temp, 'usr/local/bin')
    mkdirSync(bin, { recursive: true })
    symlinkSync(join(apps(), 'Resources/bin/coord'), join(bin, 'first'))
    symlinkSync('first', join(bin, 'coord'))
    const archive = join(apps(), 'Resources/app.asar/dist/cli')
    for (const file of [join(apps(), 'Resources/bin/coord'), join(bin, 'coord')]) {
      expect(coord(file, ['send', 'a b'])).toEqual(['as-node=1', `${archive}/cli.cjs`, 'send', 'a b'])
      expect(coord(file, ['hook', 'run', 'stop'])[1]).toBe(`${archive}/hook.cjs`)
    }
  })

  it('coord runs by the Node that COORD_NODE names, from beside the archive', () => {
    const file = join(apps(), 'Resources/bin/coord')
    const beside = join(apps(), 'Resources/app.asar.unpacked/dist/cli/cli.cjs')
    expect(coord(file, ['status'], { COORD_NODE: join(temp, 'node') })).toEqual([
      'as-node=',
      beside,
      'status',
    ])
  })

  it('asks for one entitlement: to run what V8 compiles', () => {
    const plist = execFileSync(
      'python3',
      [
        '-c',
        'import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],"rb"))))',
        packaging('entitlements.mac.plist'),
      ],
      { encoding: 'utf8' },
    )
    expect(JSON.parse(plist)).toEqual({ 'com.apple.security.cs.allow-jit': true })
  })
})

describe('Windows', () => {
  it.runIf(hasNsis)('what the installer adds compiles, and changes the PATH by its ends', () => {
    const script = put(
      join(temp, 'harness.nsi'),
      [
        'Unicode true',
        'Name harness',
        `OutFile "${join(temp, 'harness.exe')}"`,
        'InstallDir "$LOCALAPPDATA\\Programs\\coord-tray"',
        `!include "${packaging('installer.nsh')}"`,
        'Section\n!insertmacro customInstall\nWriteUninstaller "$INSTDIR\\un.exe"\nSectionEnd',
        'Section "Uninstall"\n!insertmacro customUnInstall\nSectionEnd',
      ].join('\n'),
    )
    const { status, stdout } = spawnSync('makensis', ['-V2', '-WX', script], { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })

  it('coord.cmd finds program and archive from its folder', () => {
    const folder = 'C:\\Programs\\coord-tray\\bin\\'
    const lines = readFileSync(packaging('coord.cmd'), 'utf8')
    const paths = [...lines.matchAll(/"(%~dp0[^"]+)"/g)].map(([, path]) =>
      win32.normalize((path ?? '').replace('%~dp0', folder).replace('%program%', 'cli.cjs')),
    )
    expect(paths).toEqual([
      'C:\\Programs\\coord-tray\\resources\\app.asar.unpacked\\dist\\cli\\cli.cjs',
      'C:\\Programs\\coord-tray\\coord-tray.exe',
      'C:\\Programs\\coord-tray\\resources\\app.asar\\dist\\cli\\cli.cjs',
    ])
  })

  // A program of NSIS stands for Electron's: electron-builder edits its resources and fuses as it does the real one's.
  it.runIf(hasNsis && process.env['COORD_LONG'] === '1')(
    'the folder is packed whole: coord, licences, completion, integrity, all fuses of the pinned Electron',
    () => {
      const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
      const version = String(devDependencies.electron)
      const dist = join(temp, 'electron')
      const keys = ['ProductName', 'FileVersion', 'FileDescription', 'LegalCopyright']
      const dummy = [
        'Unicode true',
        'Name Electron',
        `OutFile "${join(dist, 'electron.exe')}"`,
        'VIProductVersion 1.0.0.0',
        ...keys.map((key) => `VIAddVersionKey ${key} "1.0.0.0"`),
        'Section\nSectionEnd',
      ].join('\n')
      for (const name of [
        'LICENSE',
        'LICENSES.chromium.html',
        'locales/en-US.pak',
        'locales/de.pak',
        'locales/fr.pak',
      ])
        put(join(dist, name), '')
      mkdirSync(join(dist, 'resources'))
      expect(spawnSync('makensis', ['-V1', put(join(temp, 'dummy.nsi'), dummy)]).status).toBe(0)
      // Electron's fuse wire: its mark, version 1, nine fuses, the last of which is not built in
      const wire = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u000911111111r', 'latin1')
      const exe = join(dist, 'electron.exe')
      put(exe, Buffer.concat([readFileSync(exe), wire]), 0o755)
      const stage = join(temp, 'stage')
      const fill = `(await import('./build/scripts/package/stage.mjs')).fillStage(${JSON.stringify(stage)}, { runtime: '${version}', isStandIn: false })`
      execFileSync(process.execPath, ['--input-type=module', '-e', fill], { cwd: root })
      const packed = spawnSync(
        process.execPath,
        [
          'node_modules/electron-builder/cli.js',
          '--win',
          'dir',
          '--x64',
          '--config',
          'build/electron-builder.mjs',
          '--publish',
          'never',
        ],
        {
          cwd: root,
          encoding: 'utf8',
          env: {
            ...process.env,
            COORD_PACK_STAGE: join(stage, 'app'),
            COORD_PACK_OUT: join(temp, 'out'),
            COORD_PACK_ELECTRON: dist,
            COORD_PACK_VERSION: version,
            COORD_PACK_E2E: '',
          },
        },
      )
      expect(packed.status, packed.stdout + packed.stderr).toBe(0)
      const app = join(temp, 'out/win-unpacked')
      expect(
        readdirSync(app, { recursive: true, encoding: 'utf8' })
          .filter((name) => !name.startsWith('resources') && /\./.test(name))
          .sort(),
      ).toEqual([
        'LICENSE.electron.txt',
        'LICENSE.txt',
        'LICENSES.chromium.html',
        'THIRD-PARTY-NOTICES.txt',
        'bin/coord.cmd',
        'completions/coord.ps1',
        'coord-tray.exe',
        'locales/de.pak',
        'locales/en-US.pak',
        'sbom.cdx.json',
      ])
      expect(existsSync(join(app, 'resources/app.asar.unpacked/dist/cli/hook.cjs'))).toBe(true)
      const program = readFileSync(join(app, 'coord-tray.exe'), 'latin1')
      expect(program).toContain('[{"file":"resources\\\\app.asar","alg":"SHA256","value":"')
      expect(readFileSync(join(app, 'coord-tray.exe')).toString('utf16le')).toContain('Coord Tray')
      const tool = join(npmTool('@electron/fuses', '2.1.3'), 'dist/bin.js')
      const read = execFileSync(process.execPath, [tool, 'read', '--app', join(app, 'coord-tray.exe')], {
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      })
      expect(read).toContain('OnlyLoadAppFromAsar is Enabled')
      expect(read).toContain('GrantFileProtocolExtraPrivileges is Disabled')
      expect(read).toContain('EnableNodeCliInspectArguments is Disabled')
    },
    120_000,
  )
})
