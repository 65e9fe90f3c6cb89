/** The short form of `npm run test:day`: two simulated hours, four workspaces, a heap of its own. The day itself takes minutes. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('two hours of polls, sleeps, bursts and outages: nothing grows, nothing is lost, doubled or told twice @long', () => {
  const run = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'day.mjs'), '--hours', '2', '--workspaces', '4', '--quiet'],
    { encoding: 'utf8', timeout: 240_000 },
  )
  expect(run.stdout).toMatch(/^day: 2 h with 4 workspaces .* 0 twice; \d+ messages, \d+ told once, 0 twice/)
  expect(run.stdout).not.toContain('NOT WELL')
  expect(run.status).toBe(0)
})
