/** Any one byte of any ledger damaged, at rest: no call is lost, none that was removed or dealt with is sent by itself. */
import { expect, it } from 'vitest'
import { OUTBOX, Stage } from '../testing/crash-stage.ts'
import { scenarios } from '../testing/crash-scenarios.ts'

const isLong = process.env['COORD_LONG'] === '1'
const STEP = isLong ? 1 : 23

it.each(['claim and deliver', 'set aside, then discarded', 'the hard-link guard', 'a removed file'])(
  '%s: one byte of a ledger flipped',
  { timeout: isLong ? 900_000 : 60_000 },
  async (name) => {
    const scenario = scenarios.find((s) => s.name.startsWith(name))
    if (!scenario) throw new Error(name)
    let flips = 0
    for (let at = 0; ; at += STEP) {
      const stage = new Stage([])
      const expected = await scenario.run(stage)
      if (!expected) throw new Error('open')
      const ledgers = stage.disk.names(OUTBOX).filter((n) => n.endsWith('.led'))
      let left = at
      const hit = ledgers
        .map((n) => stage.disk.file(`${OUTBOX}/${n}`))
        .find((f) => {
          if (f && left < f.bytes.length) return true
          left -= f?.bytes.length ?? 0
          return false
        })
      if (!hit) break
      flips++
      hit.bytes = hit.bytes.slice()
      hit.bytes[left] = (hit.bytes[left] ?? 0) ^ (1 << (at % 8))
      await stage.checkDamaged(expected, `byte ${at}`)
    }
    expect(flips).toBeGreaterThan(20)
  },
)
