/** Start at login: the XDG entry against a reader of its own, and what Windows and macOS are asked. */
import fc from 'fast-check'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { autostartEntry, autostartFile, isAutostartOn, quoteExec, setAutostart } from './autostart-linux.ts'
import { APP_ID } from './prepare-app.ts'
import { makeFolder } from '../adapters/make-folder.ts'
import { createAutostart, loginCommand, type AutostartPlace } from './autostart.ts'

const unshare = ['--user', '--map-root-user', '--mount']
const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-autostart-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Reads `Exec` as the specification says it is read: the value's escapes, then the quoting, then field codes. */
function readExec(entry: string): string[] {
  const value = /^Exec=(.*)$/m.exec(entry)?.[1] ?? ''
  const escapes: Record<string, string> = { s: ' ', n: '\n', t: '\t', r: '\r', '\\': '\\' }
  const text = value.replace(/\\([sntr\\])/g, (_, c: string) => escapes[c] ?? c)
  const args: string[] = []
  for (const m of text.matchAll(/"((?:[^"`$\\]|\\["`$\\])*)"(?: |$)/gs))
    args.push(
      (m[1] ?? '').replace(/\\(["`$\\])/g, '$1').replace(/%(.)/g, (_, c: string) => (c === '%' ? '%' : '?')),
    )
  return args
}

describe('Linux', () => {
  it('writes literal backslashes, dollars and per cents as the specification spells them', () => {
    expect(quoteExec('a\\b')).toBe('"a\\\\\\\\b"')
    expect(quoteExec('$x')).toBe('"\\\\$x"')
    expect(quoteExec('100%')).toBe('"100%%"')
    expect(quoteExec('say "hi" `now`')).toBe('"say \\\\"hi\\\\" \\\\`now\\\\`"')
  })

  it('any command is read back as it was, on one line', () => {
    const argument = fc.string({
      unit: fc.constantFrom(...' \t\n\r"\'\\><~|&;$*?#()`%=éA.'),
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 4 }), (command) => {
        const entry = autostartEntry(command)
        expect(entry.split('\n')).toHaveLength(9)
        expect(readExec(entry)).toEqual([...command, '--hidden'])
      }),
    )
  })

  it('on, off, switched off by the desktop, on again; nothing else is left in the folder', () => {
    const file = autostartFile({ XDG_CONFIG_HOME: dir }, '/nobody')
    expect(autostartFile({}, '/home/u')).toBe('/home/u/.config/autostart/local.coord-tray.desktop')
    expect(isAutostartOn(file)).toBe(false)
    setAutostart(file, ['/app'], makeFolder)
    expect(isAutostartOn(file)).toBe(true)
    expect(readdirSync(dirname(file))).toEqual(['local.coord-tray.desktop'])
    for (const off of ['Hidden=true', 'Hidden = True', 'X-GNOME-Autostart-enabled=false']) {
      writeFileSync(file, `${autostartEntry(['/app'])}${off}\n`)
      expect(isAutostartOn(file)).toBe(false)
    }
    setAutostart(file, ['/app'], makeFolder)
    expect(isAutostartOn(file)).toBe(true)
    setAutostart(file, null, makeFolder)
    setAutostart(file, null, makeFolder)
    expect(isAutostartOn(file)).toBe(false)
  })

  it('a folder that cannot be made is said with the true cause, not thrown', () => {
    const entry = join(dir, 'autostart', 'local.coord-tray.desktop')
    writeFileSync(join(dir, 'autostart'), 'a file')
    const autostart = createAutostart({ ...place('linux'), env: { XDG_CONFIG_HOME: dir } })
    expect(autostart.set(true)).toEqual({
      ok: false,
      error: `${entry} cannot be written (a file is in its way)`,
    })
    expect(autostart.isOn()).toBe(false)
  })

  it.skipIf(!canMount)(
    'on a disk that is read-only likewise, which the system calls a folder that is not there',
    () => {
      const script = `import { createAutostart } from ${JSON.stringify(join(import.meta.dirname, 'autostart.ts'))}
import { makeFolder } from ${JSON.stringify(join(import.meta.dirname, '../adapters/make-folder.ts'))}
const place = { app: { isPackaged: true }, platform: 'linux', env: { XDG_CONFIG_HOME: process.argv[1] + '/none' }, execPath: '/app', makeFolder }
process.stdout.write(JSON.stringify(createAutostart(place).set(true)))`
      const said = execFileSync(
        'unshare',
        [
          ...unshare,
          'sh',
          '-c',
          'mount -t tmpfs -o ro tmpfs "$1"; exec "$2" --input-type=module -e "$3" "$1"',
          'sh',
          dir,
          process.execPath,
          script,
        ],
        { encoding: 'utf8' },
      )
      expect(JSON.parse(said)).toMatchObject({
        ok: false,
        error: expect.stringContaining('(its disk is read-only)') as string,
      })
    },
  )

  it('starts a program with an awkward name, as the entry says it', () => {
    const program = join(dir, 'my $app "50%" \\ `x`', 'run me')
    mkdirSync(dirname(program), { recursive: true })
    writeFileSync(program, `#!/bin/sh\nprintf '%s' "$1" > '${join(dir, 'started')}'\n`)
    chmodSync(program, 0o755)
    const [command = '', ...args] = readExec(autostartEntry([program]))
    execFileSync(command, args)
    expect(readFileSync(join(dir, 'started'), 'utf8')).toBe('--hidden')
  })
})

interface Item {
  readonly openAtLogin?: boolean
  readonly path?: string
  readonly args?: string[]
}
/** A system that keeps login items, or one that refuses. */
function place(platform: NodeJS.Platform, isPackaged = true, isRefusing = false) {
  const set: Item[] = []
  const app = {
    isPackaged,
    setLoginItemSettings: (item: Item) => void set.push(item),
    getLoginItemSettings: (asked?: Item) => ({
      openAtLogin:
        !isRefusing &&
        set.findLast((item) => JSON.stringify(item.args) === JSON.stringify(asked?.args))?.openAtLogin ===
          true,
    }),
  }
  return {
    app: app as unknown as AutostartPlace['app'],
    set,
    platform,
    env: {} as AutostartPlace['env'],
    home: '/home/u',
    execPath: platform === 'win32' ? 'C:\\Apps\\Coord Tray\\coord-tray.exe' : '/opt/coord-tray/coord-tray',
    root: '/clone of mine',
    makeFolder,
  }
}

it('the login entry, the package and the app itself go by the same names', () => {
  const builder = readFileSync(join(import.meta.dirname, '../../build/electron-builder.mjs'), 'utf8')
  const program = /linux: \{[^]*?executableName: '([^']+)'/.exec(builder)?.[1]
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    readonly productName: string
    readonly desktopName: string
  }
  // The package installs its icons under the program's name.
  expect(autostartEntry(['/app'])).toContain(`\nIcon=${program}\n`)
  expect(builder).toContain(`appId: '${APP_ID}'`)
  expect(manifest.desktopName).toBe(`${APP_ID}.desktop`)
  expect(autostartFile({}, '/home/u')).toContain(`/${APP_ID}.desktop`)
  const entry = readFileSync(
    join(import.meta.dirname, `../../build/packaging/linux/${manifest.desktopName}`),
    'utf8',
  )
  // Electron takes a window's class on X11 from the program's name; on Wayland its app id is the entry's own.
  expect(entry).toContain(`\nStartupWMClass=${manifest.productName}\n`)
  expect(entry).toContain(`\nIcon=${program}\n`)
  expect(entry).toContain(`\nExec=${program}\n`)
  expect(entry).toContain(`\nName=${manifest.productName}\n`)
})

describe('Windows and macOS', () => {
  it('Windows: this program, hidden, asked for in the same words', () => {
    const windows = place('win32')
    const autostart = createAutostart(windows)
    expect(autostart.isOn()).toBe(false)
    expect(autostart.set(true)).toMatchObject({ ok: true })
    expect(autostart.isOn()).toBe(true)
    expect(windows.set).toEqual([{ openAtLogin: true, path: windows.execPath, args: ['--hidden'] }])
    autostart.set(false)
    expect(autostart.isOn()).toBe(false)
  })

  it('Windows: paths of a clone are quoted', () => {
    const windows = place('win32', false)
    createAutostart(windows).set(true)
    expect(windows.set[0]?.args).toEqual(['"/clone of mine"', '--hidden'])
  })

  it('macOS: the bundle; a clone has none and says so', () => {
    const mac = place('darwin')
    expect(createAutostart(mac).set(true)).toMatchObject({ ok: true })
    expect(mac.set).toEqual([{ openAtLogin: true }])
    const clone = place('darwin', false)
    expect(createAutostart(clone).set(true)).toMatchObject({ ok: false })
    expect(createAutostart(clone).set(false)).toMatchObject({ ok: true })
    expect(clone.set).toEqual([])
  })

  it('a system that does not take it is said', () => {
    expect(createAutostart(place('win32', true, true)).set(true)).toMatchObject({ ok: false })
  })
})

describe('what a login runs', () => {
  const command = (env: AutostartPlace['env'], isPackaged: boolean) =>
    loginCommand({ ...place('linux', isPackaged), env })
  it('the AppImage itself, not where it is mounted now; a clone by its own start script', () => {
    expect(command({}, true)).toEqual(['/opt/coord-tray/coord-tray'])
    expect(command({ APPIMAGE: '/home/u/Coord Tray.AppImage', APPDIR: '/opt' }, true)).toEqual([
      '/home/u/Coord Tray.AppImage',
    ])
    // handed on by the terminal of another program's AppImage
    expect(command({ APPIMAGE: '/home/u/Editor.AppImage', APPDIR: '/tmp/.mount_E' }, true)).toEqual([
      '/opt/coord-tray/coord-tray',
    ])
    expect(command({ COORD_NODE: '/node24' }, false)).toEqual([
      '/node24',
      '/clone of mine/build/scripts/start.mjs',
    ])
    expect(command({}, false)).toEqual(['/opt/coord-tray/coord-tray', '/clone of mine'])
  })
})
