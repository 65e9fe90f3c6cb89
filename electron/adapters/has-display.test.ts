import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hasDisplay } from './has-display.ts'

it('a name of a display that is gone is none', () => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-display-'))
  const socket = join(dir, 'wayland-1')
  try {
    writeFileSync(socket, '')
    const has = (env: Readonly<Record<string, string>>): boolean => hasDisplay(env, 'linux')
    expect(has({ XDG_RUNTIME_DIR: dir, WAYLAND_DISPLAY: 'wayland-1' })).toBe(true)
    expect(has({ WAYLAND_DISPLAY: socket })).toBe(true)
    expect(has({ XDG_RUNTIME_DIR: dir, WAYLAND_DISPLAY: 'wayland-2' })).toBe(false)
    expect(has({ XDG_RUNTIME_DIR: dir, WAYLAND_DISPLAY: 'wayland-2', DISPLAY: 'far:0' })).toBe(true)
    expect([has({ DISPLAY: ':65000' }), has({ DISPLAY: 'unix:65000.0' }), has({})]).toEqual([
      false,
      false,
      false,
    ])
    expect(hasDisplay({}, 'darwin')).toBe(true)
  } finally {
    rmSync(dir, { recursive: true })
  }
})
