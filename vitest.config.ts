import { defineConfig } from 'vitest/config'

/** Unit, adapter and API tests; they stand beside what they test. The whole-program stories are Playwright's (e2e/). */
export default defineConfig({
  test: {
    include: [
      'shared/**/*.test.ts',
      'electron/**/*.test.ts',
      'renderer/**/*.test.{ts,tsx}',
      'build/**/*.test.ts',
    ],
    // only a hang may meet these: timing is not a test, and these machines are shared
    testTimeout: process.env['COORD_LONG'] === '1' ? 300_000 : 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
