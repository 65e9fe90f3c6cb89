/** The window's views: each act of a person, and the command that it becomes. */
import { expect, test } from '@playwright/test'
import { windowStage } from './support/window-stage.ts'
import { busy } from './support/window-world.ts'

const stage = windowStage()

test('a page without a key says so and shows nothing', async () => {
  await stage.open(busy())
  const page = await stage.newPage()
  await page.goto(stage.engine.url.split('#')[0] ?? '')
  await expect(page.getByRole('alert')).toContainText('no valid key')
  await expect(page.getByText('gururmm')).toHaveCount(0)
})
