/**
 * Format 1 both ways. `fixtures/format-1.json`: folders as the build of 24 November (68d1309) left them when it was killed in the
 * middle of a flush. The present build carries on; what it writes is read by that build's reader, frozen in `testing/`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemKeys } from '../../adapters/system.ts'
import { encodeUtf8 } from './lines/text.ts'
import { Segment } from './segments/segment.ts'
import { enumerate, runOnce } from './testing/crash-run.ts'
import { scenarios } from './testing/crash-scenarios.ts'
import type { Stage } from './testing/crash-stage.ts'
import { CLAUDE, OUTBOX, type Expected, type Scenario } from './testing/crash-stage.ts'
import { readFacts, readLedger } from './testing/format-1-reader.ts'

interface Fixture {
  readonly name: string
  readonly at: number
  /** What had reached the API. */
  readonly arrivals: readonly {
    method: string
    path: string
    body: string
    headers: Record<string, string>
  }[]
  readonly files: Readonly<Record<string, readonly string[]>>
}
const fixtures = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures', 'format-1.json'), 'utf8'),
) as Fixture[]

/** The folder, and what the API knows, as that build left them. */
function restore(stage: Stage, fixture: Fixture): void {
  stage.wait(fixture.at - stage.clock.now())
  for (const { method, path, headers, body } of fixture.arrivals)
    stage.api.handle(method, path, headers, body)
  stage.disk.makeDir(OUTBOX)
  for (const [name, lines] of Object.entries(fixture.files)) {
    const node = stage.disk.create(`${CLAUDE}/${name}`)
    if (typeof node === 'string') throw new Error(node)
    stage.disk.append(node, encodeUtf8(lines.join('\n')))
    node.durable = node.bytes.length
  }
  for (const dir of [OUTBOX, CLAUDE]) stage.disk.syncDir(dir)
}
const lineOf = (fixture: Fixture, part: string): string =>
  Object.values(fixture.files)
    .flat()
    .find((line) => line.startsWith('{"ts"') && line.includes(part)) ?? ''

/** What must come of each. */
const stories: Readonly<Record<string, (fixture: Fixture, stage: Stage) => Promise<Expected>>> = {
  'killed while a call was in flight, which had been applied': async (_, stage) => {
    await stage.flush()
    return {
      effects: ['a', 'web=built', 'claim r1', 'b', 'c'],
      asides: ['not json', '{"ts":"2026","meth'],
      skips: ['read'],
    }
  },
  'killed between the rename and the ledger': async (_, stage) => {
    await stage.flush()
    return { effects: ['a', 'b'], asides: [] }
  },
  'asked to wait in the middle, and more in the queue file': async (_, stage) => {
    await stage.flush()
    return { effects: ['a', 'b', 'c', 'd'], asides: ['rubbish'] }
  },
  'set aside with words only; one discarded, one on its way again, a torn line': async (fixture, stage) => {
    const segment = stage.disk.file(`${OUTBOX}/00000001-9zsoqit0jf.seg`)
    // its writer completes the torn line: known as torn by the words of then
    const whole = JSON.stringify({
      ts: '2026-01-05T08:00:00.000Z',
      method: 'POST',
      path: '/api/coord/messages',
      body: { from_session: 'M/a', project_key: 'p', subject: 'torn' },
    })
    const torn =
      Buffer.from(segment?.bytes ?? [])
        .toString('utf8')
        .split('\n')
        .at(-1) ?? ''
    expect(whole.startsWith(torn)).toBe(true)
    if (segment) {
      stage.disk.append(segment, encodeUtf8(`${whole.slice(torn.length)}\n`))
      segment.durable = segment.bytes.length
    }
    await stage.flush()
    return {
      effects: ['torn', 'again'],
      asides: [lineOf(fixture, '"no"'), '{"method":"POST","path":"/elsewhere","body":{"subject":"x"}}'],
    }
  },
}

const scenarioOf = (fixture: Fixture): Scenario => ({
  name: fixture.name,
  async run(stage) {
    restore(stage, fixture)
    return stories[fixture.name]?.(fixture, stage)
  },
})

describe('what the build of 24 November left is carried on', () => {
  it('there is a story for each fixture', () => {
    expect(fixtures.map((f) => f.name).sort()).toEqual(Object.keys(stories).sort())
  })
  it('a call keeps its idempotency key: the API knows what that build had sent', () => {
    const keys = fixtures[0]?.arrivals.map((a) => a.headers['idempotency-key'])
    expect(keys).toEqual([0, 141, 304, 441].map((at) => systemKeys.uuid5(`00000001-9zsoqit0jf/${at}/0`)))
  })
  it.each(fixtures.map((f) => [f.name, f] as const))(
    '%s: nothing lost, nothing twice, order kept',
    async (_, fixture) => {
      const ran = await runOnce(scenarioOf(fixture), [])
      expect(ran.broken).toBeUndefined()
    },
  )
  it.each(fixtures.map((f) => [f.name, f] as const))(
    '%s: also where this build dies in the middle',
    async (_, fixture) => {
      const found = { points: 0, broken: [] as string[] }
      await enumerate(scenarioOf(fixture), found, { stride: 29, seeds: 1 })
      expect(found.broken.slice(0, 3).join('\n')).toBe('')
      expect(found.points).toBeGreaterThan(10)
    },
  )
})

describe('what this build writes is read by that one', () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const { stage, broken } = await runOnce(scenario, [])
    expect(broken).toBeUndefined()
    const ledgers = stage.disk.names(OUTBOX).filter((name) => name.endsWith('.led'))
    expect(ledgers.length).toBeGreaterThan(0)
    const KNOWN = 'header seen intent unsent retry delivered aside skipped gone kept reread upto end'.split(
      ' ',
    )
    for (const file of ledgers) {
      const text = Buffer.from(stage.disk.file(`${OUTBOX}/${file}`)?.bytes ?? []).toString('utf8')
      for (const fact of readFacts(text).facts) expect(KNOWN).toContain(fact.t)
      const segment = new Segment(stage.files, OUTBOX, file.slice(0, -4), () => undefined)
      await segment.load()
      const then = readLedger(text)
      expect(then).toMatchObject({
        version: segment.header?.version,
        delivered: segment.delivered,
        doubts: [],
        upto: segment.checkpointAt,
        asides: Object.fromEntries([...segment.setAside].map(([key, v]) => [key, v.reason])),
        skips: Object.fromEntries([...segment.skipped].map(([key, v]) => [key, v.reason])),
      })
      expect(then.finishedAt >= segment.size).toBe(segment.hasEnd)
    }
  })
})
