/** Text in the window: it can be selected with the mouse where rows are pressed, and found in whatever script it is. */
import { expect, test, type Locator, type Page } from '@playwright/test'
import { part } from './support/board-world.ts'
import { goTo, rowOf, windowStage } from './support/window-stage.ts'
import { rich } from './support/window-rich.ts'
import { message } from './support/window-world.ts'

const stage = windowStage()
const selected = (page: Page): Promise<string> => page.evaluate(() => getSelection()?.toString() ?? '')

/** Over a text, from its begin to its end. */
async function drag(page: Page, text: Locator): Promise<void> {
  const box = await text.boundingBox()
  if (!box) throw new Error('nothing to drag over')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + 1, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2, y)
  await page.mouse.move(box.x + box.width - 1, y)
  await page.mouse.up()
}

for (const [view, row, text, opens] of [
  ['Now', /waits for hot\/file/, 'SRV-DB/claude', '#/locks/hot'],
  ['Queue', /Claim dashboard/, 'dashboard', '#/queue/'],
  [
    'Messages',
    /Schema step 1 is ready.*gururmm|gururmm.*Schema step 1 is ready/,
    'LAPTOP-7/claude-main',
    '#/messages/',
  ],
  ['Locks', /^hot\/file.*gururmm/, 'hot/file', '#/locks/hot'],
  ['Board', /Release 0\.9\.4/, 'Release 0.9.4', '#/board/'],
] as const)
  test(`a drag over a row's text selects it and opens nothing; a click does, also on what is selected: ${view}`, async () => {
    const page = await stage.open(rich())
    await goTo(page, view)
    const words = rowOf(page, row).first().locator('bdi', { hasText: text }).first()
    const before = page.url()
    await drag(page, words)
    expect(text).toContain(await selected(page))
    expect((await selected(page)).length).toBeGreaterThan(text.length / 2)
    expect(page.url()).toBe(before)
    await words.click()
    await expect.poll(() => page.url()).toContain(opens)
  })

test('the palette finds letters of every script, and signs; a project is meant by its name, not by what is shown of it', async () => {
  const world = rich()
  const page = await stage.open({
    ...world,
    messages: [
      message(1, { subject: 'خطة الترحيل جاهزة' }),
      message(2, { subject: '数据库已迁移' }),
      message(3, { subject: 'Проверка схемы' }),
      message(4, { subject: '±' }),
    ],
    components: [part('server', 'deployed', { project: 'a\u202eb' })],
  })
  await page.keyboard.press('Control+k')
  const field = page.getByRole('combobox')
  for (const [typed, found] of [
    ['الترحيل', 'خطة'],
    ['迁移', '数据库'],
    ['схем', 'Проверка'],
    ['±', '±'],
  ] as const) {
    await field.fill(typed)
    await expect(page.getByRole('option').first()).toContainText(found)
    await expect(page.getByText('Nothing is found')).toHaveCount(0)
  }
  await field.fill('u202eb')
  await expect(page.getByRole('option', { name: /Project$/ })).toHaveCount(1)
  await page.getByRole('option', { name: /Project$/ }).click()
  await expect(page.getByRole('button', { name: 'a\\u202eb' })).toHaveCount(1)
  await expect(page.getByRole('button', { name: 'a\\u202eb', pressed: true })).toBeVisible()
})
