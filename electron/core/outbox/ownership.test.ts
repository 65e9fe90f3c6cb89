/** A folder that is taken is let go again, whenever its outbox is stopped. */
import { renameSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { IN_MEMORY, message, place, type Place } from '../../adapters/testing/place.ts'
import { stage } from '../../adapters/testing/stage.ts'
import type { OwnerPort, OwnerState } from './owner-port.ts'

let at: Place
beforeEach(() => void (at = place(true, IN_MEMORY)))
afterEach(() => at.remove())

/** Another process sends; from the third question on the answer is given by the test. */
function slowOwner(): { readonly port: OwnerPort; isHeld: boolean; give: (() => void) | undefined } {
  let asked = 0
  const self: ReturnType<typeof slowOwner> = {
    isHeld: false,
    give: undefined,
    port: {
      acquire() {
        if (++asked < 3) return Promise.resolve({ kind: 'other-process' })
        return new Promise<OwnerState>((resolve) => {
          self.give = () => {
            self.isHeld = true
            resolve({ kind: 'this' })
          }
        })
      },
      release() {
        self.isHeld = false
        return Promise.resolve()
      },
      isStillOwner: () => self.isHeld,
      ask: () => Promise.resolve({ ok: false, error: { code: 'not-owner', message: '' } }),
    },
  }
  return self
}

it('stopped while it asks who sends, and told that it is this one: the folder is let go, and nothing is sent', async () => {
  const owner = slowOwner()
  const s = stage(at, { owner: owner.port })
  s.connection.start()
  await s.clock.drive(s.box.start())
  at.add(message('one'))
  await s.clock.until(() => owner.give !== undefined)
  const stopped = s.box.stop()
  owner.give?.()
  await s.clock.drive(stopped)
  await s.clock.advance(5_000)
  expect(owner.isHeld).toBe(false)
  expect(s.api.messages).toEqual([])
  expect((await s.box.summary()).owner).toBe('none')
  await s.close()
})

it('while another process is known to own the folder it is not tried; the end of that one is followed at once', async () => {
  let attempts = 0
  let isElsewhere = true
  let ended: (() => void) | undefined
  const port: OwnerPort = {
    acquire(_dir, _parent, _onRequest, onOwnerEnd) {
      attempts++
      ended = onOwnerEnd
      return Promise.resolve({ kind: isElsewhere ? 'other-process' : 'this' })
    },
    isElsewhere: () => isElsewhere,
    release: () => Promise.resolve(),
    isStillOwner: () => !isElsewhere,
    ask: () => Promise.resolve({ ok: false, error: { code: 'not-owner', message: '' } }),
  }
  const s = stage(at, { owner: port })
  s.connection.start()
  await s.clock.drive(s.box.start())
  const before = attempts
  at.add(message('one'))
  await s.clock.advance(60_000)
  expect(attempts).toBe(before)
  isElsewhere = false
  ended?.()
  await s.clock.advance(1_000)
  expect(s.api.messages).toHaveLength(1)
  expect((await s.box.summary()).owner).toBe('this')
  await s.close()
})

it('a folder that is another one by now: whose it was is left, and whose it is is asked', async () => {
  const left: string[] = []
  const asked: string[] = []
  const port: OwnerPort = {
    acquire(dir) {
      asked.push(dir)
      return Promise.resolve({ kind: 'other-process' })
    },
    isElsewhere: (dir) => dir === at.dir && asked.includes(dir),
    leave: (dir) => void left.push(dir),
    release: () => Promise.resolve(),
    isStillOwner: () => false,
    ask: () => Promise.resolve({ ok: false, error: { code: 'not-owner', message: '' } }),
  }
  const s = stage(at, { owner: port })
  await s.clock.drive(s.box.start())
  left.length = 0
  const [claude, moved] = [dirname(at.dir), join(at.root, 'moved')]
  renameSync(claude, moved)
  symlinkSync(moved, claude)
  await s.clock.advance(10_000)
  expect(left).toEqual([at.dir])
  expect(asked.at(-1)).toBe(join(moved, basename(at.dir)))
  await s.close()
})

it('an outbox that only watched leaves the owner as it stops', async () => {
  const left: string[] = []
  const port: OwnerPort = {
    acquire: () => Promise.resolve({ kind: 'other-process' }),
    release: () => Promise.reject(new Error('it is not ours')),
    leave: (dir) => void left.push(dir),
    isStillOwner: () => false,
    ask: () => Promise.resolve({ ok: false, error: { code: 'not-owner', message: '' } }),
  }
  const s = stage(at, { owner: port })
  await s.clock.drive(s.box.start())
  left.length = 0
  await s.close()
  expect(left).toEqual([at.dir])
})
