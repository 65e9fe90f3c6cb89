import { defineConfig } from '@playwright/test'

/**
 * Whole-program stories (e2e/). The tray app's are told one after the other, since they share a display and the desktop's
 * bus; the window's in a browser share nothing and are told beside them.
 */
export default defineConfig({
  testDir: './e2e',
  globalSetup: './build/scripts/test/before-stories.ts',
  outputDir: './out/playwright',
  workers: 2,
  projects: [
    { name: 'desktop', testMatch: /\/desktop[^/]*\.spec\.ts/, workers: 1 },
    { name: 'window', testMatch: /\/(window|browser)[^/]*\.spec\.ts/ },
  ],
  timeout: 120_000,
  expect: { timeout: 15_000 },
  // A busy CI machine may miss a deadline once; what passed only the second time is told as flaky in the last lines.
  retries: process.env['CI'] ? 1 : 0,
  forbidOnly: true,
  // Slow or told twice: `npm run test:all` has them, the default run does not.
  ...(process.env['COORD_LONG'] === '1' ? {} : { grepInvert: /@long/ }),
  reporter: 'list',
})
