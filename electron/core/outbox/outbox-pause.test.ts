/** A pause that comes while the disk works on an intent: another workspace, or a panel of the window, was told to wait meanwhile. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFileSystem } from '../../adapters/file-system.ts'
import { message, place, type Place } from '../../adapters/testing/place.ts'
import { stage } from '../../adapters/testing/stage.ts'
import type { HttpOutcome, OpenFile } from '../ports.ts'

const REAL = createFileSystem()
const BUSY: HttpOutcome = {
  ...{ kind: 'answer', status: 503, headers: { 'retry-after': '600' }, text: '', isCut: false },
}

let at: Place
beforeEach(() => (at = place()))
afterEach(() => at.remove())

it.each([
  ['one by one', 1, false],
  ['in lanes', 4, false],
  ['with intents ahead', 1, true],
])(
  'calls that go out %s: none goes, none is in doubt, all go once it is over',
  async (_, lanes, keepsKeys) => {
    let onSync = (): void => undefined
    const slow = (file: OpenFile): OpenFile => ({
      readAt: (offset, length) => file.readAt(offset, length),
      append: (bytes) => file.append(bytes),
      close: () => file.close(),
      async sync() {
        const done = await file.sync()
        if (at.ledgers().includes('"t":"intent"')) onSync()
        return done
      },
    })
    const s = stage(at, {
      fs: {
        async openAppend(path) {
          const opened = await REAL.openAppend(path)
          return opened.ok && path.endsWith('.led') ? { ok: true, value: slow(opened.value) } : opened
        },
      },
    })
    s.api.saysItKeepsKeys = keepsKeys
    onSync = () => {
      onSync = () => undefined
      s.connection.pauseFor(BUSY)
    }
    at.add(message('a'), message('b'))
    const flush = (): ReturnType<typeof s.box.flush> => s.clock.drive(s.box.flush({ waitMs: 0, lanes }))
    expect(await flush()).toMatchObject({ value: { delivered: 0, waiting: 2 } })
    expect(s.api.arrivals).toEqual([])
    await s.clock.advance(601_000)
    expect(await flush()).toMatchObject({ value: { delivered: 2, waiting: 0 } })
    expect(s.api.messages.map((m) => m['subject'])).toEqual(['a', 'b'])
    // what is in doubt is looked up
    expect(s.asked.filter(({ what }) => what.startsWith('GET /api/coord/messages'))).toEqual([])
    await s.close()
  },
)
