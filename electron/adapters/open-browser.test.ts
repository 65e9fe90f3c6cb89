/** Which command opens an address here; that it is run, and what became of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { browserCommand, openInBrowser } from './open-browser.ts'

const URL = 'http://127.0.0.1:9/open/code'
const there =
  (...files: readonly string[]) =>
  (file: string): boolean =>
    files.includes(file)

it.each([
  ['no display', { PATH: '/usr/bin' }, 'linux', null],
  ['a display, xdg-open', { PATH: '/usr/bin', DISPLAY: ':0' }, 'linux', ['/usr/bin/xdg-open', URL]],
  ['Wayland alone', { PATH: '/usr/bin', WAYLAND_DISPLAY: 'w' }, 'linux', ['/usr/bin/xdg-open', URL]],
  ['a display, nothing to open with', { PATH: '/bin', DISPLAY: ':0' }, 'linux', null],
  [
    'BROWSER without a display',
    { PATH: '/usr/bin', BROWSER: '/opt/helper.sh' },
    'linux',
    ['/opt/helper.sh', URL],
  ],
  [
    'BROWSER with a place for the address, the first that is there',
    { PATH: '/usr/bin', BROWSER: 'absent:firefox --new-tab %s' },
    'linux',
    ['/usr/bin/firefox', '--new-tab', URL],
  ],
  ['macOS', { PATH: '/usr/bin' }, 'darwin', ['open', URL]],
  ['Windows', { PATH: 'C:\\Windows' }, 'win32', ['rundll32', 'url.dll,FileProtocolHandler', URL]],
] as const)('%s', (_, env, platform, expected) => {
  expect(browserCommand(URL, env, platform, there('/usr/bin/xdg-open', '/usr/bin/firefox'))).toEqual(expected)
})

it.runIf(process.platform === 'linux')('runs it, and says whether a browser took the address', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-browser-'))
  try {
    const script = (name: string, text: string): string => {
      writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
      return join(dir, name)
    }
    const good = script('good', `printf %s "$1" > ${dir}/opened`)
    expect(await openInBrowser(URL, { BROWSER: good })).toBe(true)
    expect(readFileSync(join(dir, 'opened'), 'utf8')).toBe(URL)
    expect(await openInBrowser(URL, { BROWSER: script('bad', 'exit 3') })).toBe(false)
    expect(await openInBrowser(URL, { BROWSER: join(dir, 'absent') })).toBe(false)
    expect(await openInBrowser(URL, {})).toBe(false)
  } finally {
    rmSync(dir, { recursive: true })
  }
})
