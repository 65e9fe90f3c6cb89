/** The question when a person quits: all that is held, and each answer. */
import { expect, test } from '@playwright/test'
import { expectAccessible, SHOTS, windowStage } from './support/window-stage.ts'
import { asking, lock, offline } from './support/window-world.ts'

const stage = windowStage()

for (const [look, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['bar', { viewport: { width: 360, height: 640 } }],
] as const)
  test(`says what is held, with its signs of life: ${look}`, async () => {
    const page = await stage.open(asking(), options)
    const dialog = page.getByRole('dialog', { name: 'Quit Coord Tray?' })
    await expect(dialog).toContainText('This machine still holds 3 locks.')
    await expect(dialog.getByRole('row', { name: /claude-main/ })).toContainText('queued a call 22 min ago')
    await expect(dialog.getByRole('row', { name: /agent\/src/ })).toBeVisible()
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/quit-${look}.png` })
  })

test('Escape cancels, Cancel has the focus first, a choice may be remembered', async () => {
  const page = await stage.open(asking())
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect.poll(() => stage.ran('app.quit')).toEqual([{ choice: 'cancel', remember: false }])
  await page.getByLabel(/Remember my choice/).check()
  await page.getByRole('button', { name: 'Release all and quit' }).click()
  await expect.poll(() => stage.ran('app.quit')[1]).toEqual({ choice: 'release', remember: true })
  await expect(page.getByRole('dialog', { name: 'Quitting…' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Keep locks and quit' })).toHaveAttribute(
    'aria-disabled',
    'true',
  )
})

test('every lock is there, also those beyond the page that the picture has, by arrows too', async () => {
  const world = asking()
  // The rows of a session are in the order of their names, so the numbers are of one length.
  const more = Array.from({ length: 1_500 }, (_, n) =>
    lock(`x${n}`, 'DESKTOP-1/many', `res/${String(n).padStart(4, '0')}`),
  )
  const all = [...world.locks, ...more]
  stage.answer({
    'locks.list': ({ offset, limit }: { offset: number; limit: number }) => ({
      rows: all.slice(offset, offset + limit),
      total: all.length,
    }),
  })
  const page = await stage.open(
    { ...world, totals: { ...world.totals, locksMine: 1_503 } },
    {},
    {
      locks: all.length,
    },
  )
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('still holds 1,503 locks')
  const grid = dialog.getByRole('grid', { name: 'Locks held, by session' })
  // Three sessions, 1,503 locks.
  await expect(grid).toHaveAttribute('aria-rowcount', '1506')
  await grid.getByRole('row').first().focus()
  await page.keyboard.press('End')
  await expect(grid.getByRole('row', { name: 'res/1499' })).toBeFocused()
})

test('offline, what was read last is not said to be so still', async () => {
  const world = { ...asking(), connection: offline().connection }
  const page = await stage.open(world)
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('When they were last read, this machine held 3 locks.')
  stage.engine.set((was) => ({ ...was, locks: [], totals: { ...was.totals, locksMine: 0 } }))
  await expect(dialog).toContainText('this machine held no locks.')
  await expect(dialog).not.toContainText('holds')
})

test('nothing is "none" before it was read', async () => {
  const world = asking()
  const page = await stage.open({
    ...world,
    readAt: null,
    locks: [],
    totals: { ...world.totals, locksMine: 0 },
  })
  await expect(page.getByRole('dialog')).toContainText('was not read yet')
  await expect(page.getByRole('dialog')).not.toContainText('holds no locks')
})
