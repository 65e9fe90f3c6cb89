/** What the tray says: silence, what is wanted of the person, counts, the version. */
import { describe, expect, it } from 'vitest'
import { toIso } from '../../../../shared/time.ts'
import { buildLock, buildSettings, buildState, START } from '../../testing/build.ts'
import { toTrayView, type TrayView } from './to-tray-view.ts'

const labels = (view: TrayView): readonly string[] =>
  view.menu.flatMap((item) => (item.kind === 'separator' ? [] : [item.label]))

describe('silence is seen', () => {
  it('muted: menu, tooltip and icon', () => {
    const settings = buildSettings({ mutedUntil: toIso(START + 3_600_000) })
    const view = toTrayView(buildState({ settings }))
    expect(view.isSilent).toBe(true)
    expect(view.tooltip).toMatch(/muted until 01:00/)
    expect(labels(view)).toContain('Unmute (muted until 01:00)')
  })

  it.each([
    [{ from: '22:00', to: '07:00' }, '07:00'],
    [{ from: '00:00', to: '00:30' }, '00:30'],
  ])('quiet hours %j: menu, tooltip and icon', (quietHours, until) => {
    const view = toTrayView(buildState({ settings: buildSettings({ quietHours }), now: START + 15_000 }))
    expect(view.isSilent).toBe(true)
    expect(view.tooltip).toContain(`quiet hours until ${until}`)
    expect(labels(view)).toEqual(expect.arrayContaining([`Quiet hours until ${until}`, 'Mute for an hour']))
  })

  it('neither: not a word', () => {
    const quietHours = { from: '22:00', to: '07:00' }
    const view = toTrayView(
      buildState({ settings: buildSettings({ quietHours }), now: START + 12 * 3_600_000 }),
    )
    expect(view.isSilent).toBe(false)
    expect(view.tooltip + labels(view).join()).not.toMatch(/uiet|muted/)
  })
})

it.each([
  [null, 'API has trouble'],
  ['overdue', 'API slow'],
  [toIso(START + 12_000), 'API busy, trying again in 20 s'],
  [toIso(START), 'API busy'],
])(
  'an API that is no help, asked to wait until %s: said as it is, with the icon of one that is away',
  (until, words) => {
    const isOverdue = until === 'overdue'
    const connection = {
      ...({ state: 'degraded', since: toIso(START), detail: '', isOverdue } as const),
      until: isOverdue ? null : until,
    }
    const view = toTrayView({ ...buildState({}), connection })
    expect(view.tooltip).toContain(words)
    expect(view.icon).toBe('offline')
  },
)

it('the version, and that a later one is there', () => {
  const state = buildState({})
  expect(labels(toTrayView({ ...state, version: '0.1.0' }))).toContain('Coord Tray 0.1.0')
  expect(labels(toTrayView({ ...state, version: '0.1.0', newerVersion: '0.2.0' }))).toContain(
    'Coord Tray 0.1.0 (0.2.0 is there: see Check)',
  )
})

describe('a wanted lock comes first', () => {
  const locks = [
    buildLock(1, { acquired_at: toIso(START) }),
    buildLock(2, {
      acquired_at: toIso(START),
      refused: [
        { session_id: 'OTHER/z', at: toIso(START) },
        { session_id: 'DESK/b', at: toIso(START) },
      ],
    }),
  ]
  it('in the icon, the first line and the list of locks', () => {
    const view = toTrayView(buildState({ locks }))
    expect(view.icon).toBe('attention')
    expect(labels(view)[0]).toMatch(/^OTHER\/z waits for r2, held by DESK\/b · Online/)
    const lines = labels(view).filter((label) => label.includes(' — '))
    expect(lines).toEqual(['r2 — DESK/b (wanted)', 'r1 — DESK/b'])
    expect(view.count).toBe(1)
  })

  it('without its names where content is hidden, and never for the holder itself', () => {
    const hidden = toTrayView(buildState({ locks, settings: buildSettings({ hideContent: true }) }))
    expect(hidden.tooltip).not.toMatch(/OTHER/)
    expect(hidden.icon).toBe('attention')
    const own = [buildLock(1, { acquired_at: toIso(START), refused: [{ session_id: 'DESK/b', at: null }] })]
    expect(toTrayView(buildState({ locks: own })).icon).toBe('idle')
  })
})

it('says the version and what sending is called, and counts one lock as one', () => {
  const locks = [buildLock(1, { acquired_at: toIso(START) })]
  const said = labels(toTrayView(buildState({ version: '1.2.3', locks })))
  expect(said).toEqual(
    expect.arrayContaining(['Send waiting calls now', 'Coord Tray 1.2.3', 'Quit (1 lock held)…']),
  )
  expect(labels(toTrayView(buildState())).join()).not.toMatch(/Coord Tray/)
})

describe('who waits for whom is in the menu, with the way to ask', () => {
  const at = toIso(START - 60_000)
  const theirs = buildLock(3, { session_id: 'OTHER/x', refused: [{ session_id: 'DESK/b', at }] })
  const ours = buildLock(4, { refused: [{ session_id: 'OTHER/w', at }] })
  const asks = (view: TrayView): readonly unknown[] =>
    view.menu.flatMap((item) =>
      item.kind === 'action' && item.action.kind === 'command' && item.action.name === 'lock.ask'
        ? [[item.label, item.action.input]]
        : [],
    )

  it('both ways; a question that was asked is said, and not offered again', () => {
    const state = buildState({ locks: [ours, theirs] })
    const view = toTrayView(state)
    expect(asks(view)).toEqual([
      ['Ask DESK/b', { id: '4', by: 'OTHER/w' }],
      ['Ask OTHER/x', { id: '3', by: 'DESK/b' }],
    ])
    expect(labels(view)).toContain('DESK/b was refused r3, held by OTHER/x')
    const asked = toTrayView({ ...state, asked: { '["3","DESK/b"]': START } })
    expect(asks(asked)).toHaveLength(1)
    expect(labels(asked)).toContain('The holder was asked at 00:00')
  })

  it('one of ours that waits neither turns the icon nor names anybody where content is hidden', () => {
    const view = toTrayView(buildState({ locks: [theirs], settings: buildSettings({ hideContent: true }) }))
    expect(view.icon).toBe('idle')
    expect(labels(view).join()).not.toMatch(/OTHER|r3/)
    expect(asks(view)).toEqual([['Ask the holder', { id: '3', by: 'DESK/b' }]])
  })
})
