/** Who holds the profile, by Chromium's own link. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isHeldHere } from './single-instance.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-folder-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('held here: only where the link names this computer and a process that lives', () => {
  const held = (target: string): boolean => {
    rmSync(join(dir, 'SingletonLock'), { force: true })
    symlinkSync(target, join(dir, 'SingletonLock'))
    return isHeldHere(dir)
  }
  expect(isHeldHere(dir)).toBe(false)
  expect(held(`${hostname()}-${process.pid}`)).toBe(true)
  expect(held(`${hostname()}-${2 ** 22 + 1}`)).toBe(false)
  expect(held(`elsewhere-${process.pid}`)).toBe(false)
  expect(held('nonsense')).toBe(false)
})
