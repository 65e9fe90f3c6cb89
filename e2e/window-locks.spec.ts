/** The view Locks: what is held on lines of time, who waits, and each act with what becomes of the focus. */
import { expect, test } from '@playwright/test'
import type { AppSnapshot } from '../shared/snapshot.ts'
import {
  expectAccessible,
  expectNoOverflow,
  goTo,
  LOOKS,
  notices,
  rowOf,
  SHOTS,
  windowStage,
  tagOf,
  stopClock,
} from './support/window-stage.ts'
import { ago, busy, empty, lock, message, offline } from './support/window-world.ts'

const stage = windowStage()

/** Three sessions here and many locks elsewhere; one lock is wanted by three, one is stale, some never expire. */
function rich(): AppSnapshot {
  const base = busy()
  const elsewhere = Array.from({ length: 12 }, (_, n) =>
    lock(`e${n}`, n % 3 === 0 ? 'SRV-DB/claude' : 'LAPTOP-7/claude-main', `dashboard/part-${n}`, {
      project: n % 2 === 0 ? 'claudetools' : 'dataforth-dos',
      isStale: n === 3,
      ...(n === 3 ? { acquiredAt: ago(400), lastActivityAt: ago(260), staleAt: ago(140) } : {}),
    }),
  )
  return {
    ...base,
    locks: [
      lock('w', 'DESKTOP-1/claude-main', 'hot/file', {
        description: 'Changing the schema: devices.last_seen moves to its own table',
        acquiredAt: ago(124),
        lastActivityAt: ago(124),
        staleAt: ago(4),
        expiresAt: ago(-60),
        isStale: true,
        refused: [
          { session: 'SRV-DB/claude', at: ago(30), isWaiting: true },
          { session: 'DESKTOP-1/release-bot', at: ago(12), isWaiting: true },
          { session: 'LAPTOP-7/claude-main', at: ago(5), isWaiting: true },
        ],
      }),
      lock('d', 'DESKTOP-1/claude-main', 'dashboard', {
        refused: [{ session: 'LAPTOP-7/claude-main', at: ago(9), isWaiting: true }],
      }),
      lock('p', 'DESKTOP-1/claude-main', 'proto/agent.proto', {
        acquiredAt: ago(432),
        staleAt: ago(-119),
        expiresAt: null,
      }),
      lock('s', 'DESKTOP-1/docs-writer', 'ats/TESTSTATION-4', {
        project: 'claudetools',
        acquiredAt: ago(262),
        lastActivityAt: ago(262),
        staleAt: ago(142),
        expiresAt: null,
        isStale: true,
      }),
      lock('a', 'DESKTOP-1/agent-windows-collector', 'src/module-03/README.md', {
        acquiredAt: ago(25),
        lastActivityAt: ago(1),
        staleAt: ago(-119),
      }),
      ...elsewhere,
    ],
    sessions: [
      {
        session: 'DESKTOP-1/claude-main',
        guard: { at: ago(43), did: 'kept' },
        hookAt: ago(40),
        life: [
          { kind: 'queue', at: ago(42.4) },
          { kind: 'claim', at: ago(124) },
        ],
      },
      {
        session: 'DESKTOP-1/docs-writer',
        guard: null,
        hookAt: null,
        life: [{ kind: 'claim', at: ago(262) }],
      },
      { session: 'DESKTOP-1/reviewer', guard: null, hookAt: null, life: [{ kind: 'hook', at: ago(240.4) }] },
    ],
    messages: [message(1, { subject: 'I keep hot/file until the dry run' }), message(2)],
    attention: [
      {
        kind: 'lock-wanted',
        id: 'w',
        resource: 'hot/file',
        project: 'gururmm',
        session: 'DESKTOP-1/claude-main',
        by: 'LAPTOP-7/claude-main',
        at: ago(5),
        askedAt: ago(3.4),
      },
    ],
  }
}

for (const [look, options] of LOOKS) {
  test(`Locks and the detail of one, accessible and whole: ${look}${tagOf(look)}`, async () => {
    const page = await stage.open(rich(), options)
    await goTo(page, 'Locks')
    await expect(rowOf(page, /hot\/file/)).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/locks-${look}.png` })
    await rowOf(page, /hot\/file/).click()
    await expect(page.getByRole('heading', { level: 2, name: 'hot/file' })).toBeVisible()
    await expect(page.getByText('Said about it')).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/locks-detail-${look}.png` })
    await expectNoOverflow(page)
  })
}

for (const [name, world, words] of [
  ['empty', empty(), 'No lock is held'],
  ['unread', { ...empty(), readAt: null }, 'Not read yet'],
  ['offline', { ...offline(), readAt: ago(22) }, /read 2\d min ago/],
  [
    'empty when it was read last',
    { ...empty(), connection: offline().connection, readAt: ago(22) },
    'No lock was held',
  ],
] as const) {
  test(`Locks says how it is: ${name}`, async () => {
    const page = await stage.open(world)
    await goTo(page, 'Locks')
    await expect(page.getByText(words).first()).toBeVisible()
    if (name !== 'empty') await expect(page.getByText('No lock is held')).toHaveCount(0)
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/locks-${name}.png` })
  })
}

test('a time that is over is not said to be ahead', async () => {
  const page = await stage.open({
    ...offline(),
    locks: [lock('1', 'DESKTOP-1/claude-main', 'db', { expiresAt: ago(30), staleAt: ago(20) })],
  })
  await goTo(page, 'Locks')
  await expect(rowOf(page, /db/)).toContainText('was to expire 30 min ago')
  await rowOf(page, /db/).click()
  await expect(page.getByText('Was to expire', { exact: true })).toBeVisible()
  await expect(page.getByText('Was to turn stale', { exact: true })).toBeVisible()
  await expect(page.getByText(/^(Expires|Turns stale)$/)).toHaveCount(0)
})

test('wanted first; each bar in words; who blocks whom and what tells of life as text', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Locks')
  const grid = page.getByRole('grid', { name: 'Resource locks, by session' })
  await expect(grid.getByRole('row').first()).toContainText('claude-main')
  await expect(grid.getByRole('row').first()).toContainText('queued a call 42 min ago · 3 locks, 1 stale')
  await expect(grid.getByRole('row').nth(1)).toContainText('hot/file')
  await expect(rowOf(page, /hot\/file/)).toContainText('held 2 h 4 min')
  await expect(rowOf(page, /hot\/file/)).toContainText('stale for 4 min')
  await expect(rowOf(page, /hot\/file/)).toContainText('3+ wait')
  await expect(rowOf(page, /^dashboard gururmm/)).toContainText('1 waits')
  await expect(rowOf(page, /reviewer/)).toContainText('its tool started or ended 4 h ago · no lock')
  await rowOf(page, /hot\/file/).click()
  const detail = page.getByRole('region', { name: 'hot/file' })
  await expect(detail).toContainText(
    'LAPTOP-7/claude-main, DESKTOP-1/release-bot and SRV-DB/claude were refused it; DESKTOP-1/claude-main holds it.',
  )
  await expect(detail).toContainText('Queued a call 42 min ago')
  await expect(detail).toContainText('Its guard renewed its lock 43 min ago')
  await expect(detail).toContainText('Its holder was asked for it 3 min ago.')
  await detail.getByRole('link', { name: 'I keep hot/file until the dry run' }).click()
  await expect(page.locator('main h1')).toHaveText('Messages')
  await page.goBack()
  await expect(page.getByRole('region', { name: 'hot/file' })).toBeVisible()
})

test('clean up with the mouse: put off, called off, then done; a session that lives is asked about', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Locks')
  await stopClock(page)
  await page.getByRole('button', { name: 'Clean up session DESKTOP-1/docs-writer' }).click()
  await expect(rowOf(page, /TESTSTATION/)).toHaveCount(0)
  await expect(notices(page)).toContainText('Releasing 1 lock of DESKTOP-1/docs-writer…')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(rowOf(page, /TESTSTATION/)).toBeVisible()
  await page.clock.runFor(11_000)
  expect(stage.ran('session.cleanUp')).toEqual([])
  await page.getByRole('button', { name: 'Clean up session DESKTOP-1/docs-writer' }).click()
  await page.clock.runFor(11_000)
  await expect.poll(() => stage.ran('session.cleanUp')).toEqual([{ session: 'DESKTOP-1/docs-writer' }])
  await expect(notices(page)).toContainText('2 locks released.')
  await page.getByRole('button', { name: 'Clean up session DESKTOP-1/agent-windows-collector' }).click()
  const question = page.getByRole('alertdialog', { name: 'This session is still at work' })
  await expect(question).toContainText('src/module-03/README.md (gururmm)')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.getByRole('button', { name: 'Release anyway' }).click()
  await expect
    .poll(() => stage.ran('session.cleanUp').at(-1))
    .toEqual({ session: 'DESKTOP-1/agent-windows-collector' })
})

test('keys alone: a lock wanted by another is asked for and released, and the focus goes to the next row', async () => {
  const page = await stage.open(rich())
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  await expect(page.getByRole('heading', { level: 1, name: 'Locks' })).toBeFocused()
  await expect(rowOf(page, /hot\/file/)).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect(rowOf(page, /hot\/file/)).toBeFocused()
  await page.keyboard.press('a')
  await expect.poll(() => stage.ran('lock.ask')).toEqual([{ id: 'w', by: 'LAPTOP-7/claude-main' }])
  await expect(notices(page)).toContainText('Asked: DESKTOP-1/claude-main has a message.')
  await expect(rowOf(page, /hot\/file/)).toBeFocused()
  await page.keyboard.press('r')
  await expect(rowOf(page, /hot\/file/)).toHaveCount(0)
  await expect(rowOf(page, /^dashboard gururmm/)).toBeFocused()
  await page.keyboard.press('u')
  await expect(rowOf(page, /hot\/file/)).toBeVisible()
  await page.keyboard.press('k')
  await expect(rowOf(page, /hot\/file/)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'hot/file' })).toBeVisible()
  await stopClock(page)
  await page.getByRole('button', { name: 'Release, and tell those who wait' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'hot/file' })).toHaveCount(0)
  await expect(rowOf(page, /^dashboard gururmm/)).toBeFocused()
  await page.clock.runFor(11_000)
  await expect.poll(() => stage.ran('lock.release')).toEqual([{ id: 'w', force: false, tell: true }])
})

test('narrowed, clean up still names and counts all that the session holds', async () => {
  const world = rich()
  const page = await stage.open({
    ...world,
    locks: [
      ...world.locks,
      lock('s2', 'DESKTOP-1/docs-writer', 'ats/other', { acquiredAt: ago(262), lastActivityAt: ago(262) }),
    ],
  })
  await goTo(page, 'Locks')
  await page.keyboard.press('/')
  await page.keyboard.type('TESTSTATION')
  await expect(rowOf(page, /ats\/other/)).toHaveCount(0)
  await expect(rowOf(page, /docs-writer/)).toContainText('2 locks')
  await page.getByRole('button', { name: 'Clean up session DESKTOP-1/docs-writer' }).click()
  await expect(notices(page)).toContainText('Releasing 2 locks of DESKTOP-1/docs-writer…')
})

test('a session that comes to life in the ten seconds is asked about before its lock is released', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Locks')
  await stopClock(page)
  await page.getByRole('button', { name: 'Clean up session DESKTOP-1/docs-writer' }).click()
  stage.engine.set((was) => ({
    ...was,
    sessions: was.sessions.map((one) =>
      one.session === 'DESKTOP-1/docs-writer' ? { ...one, life: [{ kind: 'hook', at: ago(0) }] } : one,
    ),
  }))
  // Another question is open by then: each is answered.
  await page.getByRole('button', { name: 'Release all of this machine…' }).click()
  await page.clock.runFor(11_000)
  await expect(page.getByRole('alertdialog', { name: /^Release all 5 locks/ })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('alertdialog', { name: 'This session is still at work' })).toContainText(
    'ats/TEST',
  )
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Escape')
  await page.clock.runFor(2_000)
  await expect(rowOf(page, /TESTSTATION/)).toBeVisible()
  expect(stage.ran('session.cleanUp')).toEqual([])
})

test('a lock that is about to go, or is not yet read, is not said to be gone; the counts are those of all', async () => {
  const world = rich()
  const all = world.locks
  let give: () => void = () => undefined
  const asked = new Promise<void>((done) => (give = done))
  stage.answer({
    'locks.list': async () => {
      await asked
      return { rows: [...all, lock('beyond', 'SRV-DB/claude', 'far/away')], total: all.length + 1 }
    },
  })
  const page = await stage.open(
    { ...world, totals: { ...world.totals, locksMine: 5 } },
    {},
    { locks: all.length + 1 },
  )
  await page.evaluate(() => (location.hash = '#/locks/beyond'))
  await expect(page.getByText('Reading…')).toBeVisible()
  await expect(page.getByText('5 here · 13 elsewhere')).toBeVisible()
  give()
  await expect(page.getByRole('region', { name: 'far/away' })).toBeVisible()
  await rowOf(page, /proto\/agent/).click()
  await page.getByRole('button', { name: 'Release', exact: false }).last().focus()
  await page.keyboard.press('r')
  await expect(page.getByText('It is about to be released.')).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('region', { name: 'proto/agent.proto' })).toBeVisible()
})

test('a stale lock of another machine is released only after a question; one that lives cannot be', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Locks')
  await rowOf(page, /dashboard\/part-4/).click()
  await expect(page.getByRole('button', { name: /release/i })).toHaveCount(1) // that of all of this machine
  await rowOf(page, /dashboard\/part-3/).click()
  await page.getByRole('button', { name: 'Force release…' }).click()
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('SRV-DB/claude')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Escape')
  expect(stage.ran('lock.release')).toEqual([])
  await page.keyboard.press('r')
  await page.getByRole('button', { name: 'Release it' }).click()
  await expect.poll(() => stage.ran('lock.release')).toEqual([{ id: 'e3', force: true }])
})

test('nobody waits: the holder is asked whether it needs it; "Release all" names every lock', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Locks')
  await rowOf(page, /proto\/agent/).click()
  await page.getByRole('button', { name: 'Ask claude-main' }).click()
  await expect
    .poll(() => stage.ran('message.send'))
    .toMatchObject([{ to: 'DESKTOP-1/claude-main', subject: 'Do you still need proto/agent.proto?' }])
  await page.getByRole('button', { name: 'Release all of this machine…' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('hot/file (gururmm) · DESKTOP-1/claude-main')
  await page.getByRole('button', { name: 'Release all', exact: true }).click()
  await expect.poll(() => stage.ran('machine.releaseAll')).toEqual([null])
})

test('a lock that is narrowed away stays open, and is shown in the list again on a wish', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Locks')
  await rowOf(page, /proto\/agent/).click()
  const detail = page.getByRole('region', { name: 'proto/agent.proto' })
  await expect(detail).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type('TESTSTATION')
  await expect(rowOf(page, /proto\/agent/)).toHaveCount(0)
  await expect(detail).toContainText('The list is narrowed, and does not show it.')
  await detail.getByRole('button', { name: 'Show it' }).press('Enter')
  await expect(rowOf(page, /proto\/agent/)).toBeFocused()
  await page.evaluate(() => (location.hash = '#/locks?project=nowhere'))
  await expect(page.getByText('No lock of this project is listed.')).toBeVisible()
  await expect(page.getByText('all of these words')).toHaveCount(0)
})

test('filter and project narrow the list; an address opens its lock; one that went is said', async () => {
  const page = await stage.open(rich())
  await goTo(page, 'Locks')
  await page.keyboard.press('/')
  await page.keyboard.type('release-bot')
  await expect(rowOf(page, /hot\/file/)).toBeVisible()
  await expect(rowOf(page, /proto/)).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(rowOf(page, /proto/)).toBeVisible()
  await page.keyboard.press('Enter')
  await page.evaluate(() => (location.hash = '#/locks/w'))
  await expect(page.getByRole('region', { name: 'hot/file' })).toBeVisible()
  stage.engine.set((was) => ({ ...was, locks: was.locks.filter((one) => one.id !== 'w') }))
  await expect(page.getByText('This lock is not held any more.')).toBeVisible()
  await page.evaluate(() => (location.hash = '#/locks/session%20DESKTOP-1%2Freviewer'))
  await expect(page.getByRole('region', { name: 'DESKTOP-1/reviewer' })).toContainText(
    'Its tool started or ended 4 h ago',
  )
})

test('ten thousand locks: every row by arrows, and what is looked at stays when one comes above it', async () => {
  const world = rich()
  const many = Array.from({ length: 10_000 }, (_, n) =>
    lock(`n${n}`, `DESKTOP-1/s${String(n % 50).padStart(2, '0')}`, `file-${String(n).padStart(5, '0')}`),
  )
  const page = await stage.open({ ...world, locks: many, sessions: [] })
  await goTo(page, 'Locks')
  await page.keyboard.press('j')
  await page.keyboard.press('End')
  await expect(rowOf(page, /file-09999/)).toBeFocused()
  await page.keyboard.press('PageUp')
  await page.keyboard.press('PageUp')
  const seen = page.locator('[role=row]:focus')
  const before = (await seen.boundingBox())?.y
  const words = await seen.textContent()
  stage.engine.set((was) => ({ ...was, locks: [lock('top', 'DESKTOP-1/aa', 'first'), ...was.locks] }))
  await expect(page.getByRole('button', { name: '2 rows above' })).toBeVisible()
  expect(await seen.textContent()).toBe(words)
  expect(Math.abs(((await seen.boundingBox())?.y ?? 0) - (before ?? 0))).toBeLessThan(1)
})

test('text of others stays text: markup, direction, hidden characters, a word without end', async () => {
  const page = await stage.open({
    ...rich(),
    locks: [
      lock('x', 'DESKTOP-1/\u202egpj.exe', '<img src=x onerror=alert(1)>', {
        description: `Approve \u202egpj.exe ${'x'.repeat(4_000)}`,
        project: 'web\u2066',
        refused: [{ session: 'EVIL\u202e/moc', at: ago(1), isWaiting: true }],
      }),
    ],
  })
  await goTo(page, 'Locks')
  await rowOf(page, /<img src=x/).click()
  const detail = page.getByRole('region', { name: /<img src=x/ })
  await expect(detail).toContainText('Approve \\u202egpj.exe')
  await expect(detail).toContainText('EVIL\\u202e/moc was refused it; DESKTOP-1/\\u202egpj.exe holds it.')
  await expectAccessible(page)
  await expectNoOverflow(page)
})
