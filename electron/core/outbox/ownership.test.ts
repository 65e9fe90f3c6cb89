/** A folder that is taken is let go again, whenever its outbox is stopped. */
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
