import { defineConfig } from '@playwright/test'

/** Whole-program stories (e2e/); one worker, since they share ports, displays and the desktop's bus. */
export default defineConfig({
  testDir: './e2e',
  outputDir: './out/playwright',
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  // A busy CI machine may miss a deadline once; what passed only the second time is told as flaky in the last lines.
  retries: process.env['CI'] ? 1 : 0,
  forbidOnly: true,
  // Slow or told twice: `npm run test:all` has them, the default run does not.
  ...(process.env['COORD_LONG'] === '1' ? {} : { grepInvert: /@long/ }),
  reporter: 'list',
})
