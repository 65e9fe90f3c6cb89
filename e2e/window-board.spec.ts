/** The board: what failed first, workflows as bars, every row reached by keys. */
import { expect, test } from '@playwright/test'
import { boardWorld, part } from './support/board-world.ts'
import {
  expectAccessible,
  expectNoOverflow,
  goTo,
  LOOKS,
  rowOf,
  SHOTS,
  windowStage,
  tagOf,
} from './support/window-stage.ts'
import { empty, offline } from './support/window-world.ts'

const stage = windowStage()

for (const [look, options] of LOOKS) {
  test(`the board in looks: ${look}${tagOf(look)}`, async () => {
    const page = await stage.open(boardWorld(), options)
    await goTo(page, 'Board')
    await page.screenshot({ path: `${SHOTS}/board-${look}.png` })
    await expectAccessible(page)
    await rowOf(page, /^alerts/).click()
    await expect(page.getByText('cargo test: 3 of 412 failed')).toBeVisible()
    await page.screenshot({ path: `${SHOTS}/board-detail-${look}.png` })
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Close' }).click()
    await expect(rowOf(page, /^alerts/)).toBeFocused()
    await rowOf(page, /^Move to the new schema/).click()
    await expect(page.getByRole('list', { name: 'Work items' })).toBeVisible()
    await page.screenshot({ path: `${SHOTS}/board-flow-${look}.png` })
    await expectAccessible(page)
    await expectNoOverflow(page)
  })
}

test('the board says how it is: nothing on it, not read yet, not there now, no fit', async () => {
  const page = await stage.open(empty())
  await goTo(page, 'Board')
  await expect(page.getByText('No component and no workflow is known.')).toBeVisible()
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/board-empty.png` })
  stage.engine.set((was) => ({ ...was, readAt: null, connection: offline().connection }))
  await expect(page.getByText('The board was not read yet.')).toBeVisible()
  await expect(page.getByText('No component and no workflow is known.')).toHaveCount(0)
  await page.screenshot({ path: `${SHOTS}/board-unread.png` })
  const { components, workflows } = boardWorld()
  stage.engine.set((was) => ({ ...was, components, workflows }))
  await expect(
    page.getByText(/^The API has been away for 2\d min: this is what was read before\.$/),
  ).toBeVisible()
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/board-offline.png` })
  await page.getByRole('searchbox').fill('nothing like it')
  await expect(page.getByText('No component or workflow has all of these words.')).toBeVisible()
  await page.goto(`${page.url().split('#')[0]}#/board?project=nowhere`)
  await page.getByRole('searchbox').fill('')
  await expect(page.getByText('No component or workflow of this project is listed.')).toBeVisible()
  await page.getByRole('button', { name: 'Show all' }).click()
  await expect(rowOf(page, /^alerts/)).toBeVisible()
})

test('what failed stands first and says its age; the same as the bar stands in words', async () => {
  const page = await stage.open(boardWorld())
  await goTo(page, 'Board')
  const rows = page.getByRole('grid', { name: 'Components of gururmm' }).getByRole('row')
  await expect(rows.nth(0)).toContainText(/alerts.*9 min ago.*failed/)
  await expect(rows.nth(1)).toContainText(/agent-macos.*degraded/)
  await expect(rows.nth(2)).toContainText(/dashboard.*building/)
  await expect(page.getByText('11 components · 1 failed, 2 in trouble · 3 workflows')).toBeVisible()
  await expect(rowOf(page, /^Move to the new schema/)).toContainText(
    '5 of 11 completed, 1 in progress, 1 blocked, 4 pending',
  )
  await expect(page.getByRole('grid', { name: 'Workflows' }).getByRole('row').nth(0)).toContainText(
    'Release 0.9.5',
  )
})

test('three projects stand whole beside an open detail at 1 200 px', async () => {
  const world = boardWorld()
  const page = await stage.open({
    ...world,
    components: world.components.filter((one) => one.project !== null),
  })
  await goTo(page, 'Board')
  await rowOf(page, /^alerts/).click()
  await expect(page.getByRole('heading', { level: 2, name: 'alerts' })).toBeVisible()
  await expect(page.getByRole('group', { name: 'gururmm' })).toBeVisible()
  const beyond = await page
    .getByRole('group', { name: 'gururmm' })
    .evaluate(({ parentElement: columns }) => (columns?.scrollWidth ?? 0) - (columns?.clientWidth ?? 0))
  expect(beyond).toBe(0)
})

test('keys alone: every row, from column to column, a detail that follows, and back', async () => {
  const page = await stage.open(boardWorld())
  await page.keyboard.press('g')
  await page.keyboard.press('b')
  await expect(page.getByRole('heading', { level: 1, name: 'Board' })).toBeFocused()
  await page.keyboard.press('j')
  await expect(rowOf(page, /^Release 0.9.5/)).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(rowOf(page, /^alerts/)).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(rowOf(page, /^agent-macos/)).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(rowOf(page, /^hooks/)).toBeFocused()
  await page.keyboard.press('Enter')
  const title = page.getByRole('heading', { level: 2, name: 'hooks' })
  await expect(title).toBeVisible()
  await page.keyboard.press('k')
  await expect(page.getByRole('heading', { level: 2, name: 'mcp' })).toBeVisible()
  await page.keyboard.press('ArrowLeft')
  await expect(page.getByRole('heading', { level: 2, name: 'alerts' })).toBeVisible()
  await expect(rowOf(page, /^alerts/)).toBeFocused()
  await page.keyboard.press('End')
  await expect(rowOf(page, /^agent-windows/)).toBeFocused()
  await page.keyboard.press('/')
  await page.keyboard.type('macos')
  await page.keyboard.press('Enter')
  await expect(rowOf(page, /^agent-macos/)).toBeFocused()
})

test('an address opens a component, whatever its name; one that is gone is said', async () => {
  const name = 'a/b?c#d "e"'
  const base = boardWorld()
  const page = await stage.open({ ...base, components: [...base.components, part(name, 'failed')] })
  await goTo(page, 'Board')
  await page.getByRole('row', { name: 'a/b?c#d' }).click()
  await page.reload()
  await expect(page.getByRole('heading', { level: 2, name })).toBeVisible()
  stage.engine.set((was) => ({ ...was, components: base.components }))
  await expect(page.getByText('This is not on the board any more.')).toBeVisible()
})

test('what is narrowed away, or not yet read, is not said to be gone', async () => {
  const base = boardWorld()
  let give: () => void = () => undefined
  const asked = new Promise<void>((done) => (give = done))
  stage.answer({
    'board.list': async () => {
      await asked
      return { components: [...base.components, part('far', 'deployed')], workflows: base.workflows }
    },
  })
  const page = await stage.open(base, {}, { components: base.components.length + 1 })
  await goTo(page, 'Board')
  const far = `component ${JSON.stringify(['gururmm', 'far'])}`
  await page.evaluate((id) => (location.hash = `#/board/${encodeURIComponent(id)}`), far)
  await expect(page.getByText('Reading…')).toBeVisible()
  await expect(page.getByText(/any more/)).toHaveCount(0)
  give()
  const title = page.getByRole('heading', { level: 2, name: 'far' })
  await expect(title).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type('alerts')
  await expect(rowOf(page, /^far/)).toHaveCount(0)
  await expect(title).toBeVisible()
  await page.getByRole('button', { name: 'Show it' }).press('Enter')
  await expect(rowOf(page, /^far/)).toBeFocused()
  // Nothing fits at all, and what is open stays.
  await page.getByRole('searchbox').fill('nothing like it')
  await expect(page.getByText('No component or workflow has all of these words.')).toBeVisible()
  await expect(title).toBeVisible()
  await page.getByRole('button', { name: 'Show it' }).press('Enter')
  await expect(rowOf(page, /^far/)).toBeFocused()
})

test('a board beyond the first page is asked for, and 10,000 components are drawn only where they are seen', async () => {
  const base = boardWorld()
  const components = Array.from({ length: 10_000 }, (_, n) =>
    part(`part-${n}`, n === 9_999 ? 'failed' : 'deployed', { updatedAt: null }),
  )
  const page = await stage.open({
    ...base,
    workflows: [{ ...(base.workflows[0] ?? never()), itemsTotal: 90 }],
  })
  stage.engine.answer('board.list', () => ({ components, workflows: base.workflows }))
  await goTo(page, 'Board')
  const grid = page.getByRole('grid', { name: 'Components of gururmm' })
  await expect(grid).toHaveAttribute('aria-rowcount', '10000')
  await expect(grid.getByRole('row').first()).toContainText('part-9999')
  await grid.getByRole('row').first().focus()
  await page.keyboard.press('End')
  await expect(rowOf(page, /^part-9998/)).toBeFocused()
  expect(await page.getByRole('row').count()).toBeLessThan(80)
})
const never = (): never => {
  throw new Error('the world has a workflow')
}

test('a component that comes above moves nothing that is looked at', async () => {
  const base = boardWorld()
  const components = Array.from({ length: 60 }, (_, n) =>
    part(`part-${String(n).padStart(2, '0')}`, 'deployed', { updatedAt: null }),
  )
  const page = await stage.open({ ...base, components, workflows: [] })
  await goTo(page, 'Board')
  await page.locator('[data-list]').evaluate((node) => (node.scrollTop = 900))
  const seen = rowOf(page, /^part-24/)
  await expect(seen).toBeInViewport()
  const before = (await seen.boundingBox())?.y
  stage.engine.set((was) => ({ ...was, components: [...components, part('new', 'failed')] }))
  await expect(page.getByText('61 components · 1 failed')).toBeVisible()
  expect((await seen.boundingBox())?.y).toBe(before)
})

test('hostile text stays text', async () => {
  const evil = '\u202egpj.exe <img src=x onerror=alert(1)>'
  const page = await stage.open({
    ...boardWorld(),
    components: [
      part(evil, evil, { project: evil, notes: `${evil}${'x'.repeat(400)}`, version: evil, updatedBy: evil }),
    ],
    workflows: [
      {
        id: evil,
        project: evil,
        name: evil,
        status: evil,
        itemsTotal: 1,
        itemsCompleted: 0,
        items: [{ id: evil, title: evil, status: evil }],
      },
    ],
  })
  await goTo(page, 'Board')
  for (const at of [0, 1]) {
    await page.getByRole('row').nth(at).click()
    await expect(page.getByRole('heading', { level: 2 }).last()).toContainText('\\u202egpj.exe <img src=x')
    expect(await page.locator('main').innerText()).not.toContain('\u202e')
    await expectAccessible(page)
  }
  await expectNoOverflow(page)
})
