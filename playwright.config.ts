import { defineConfig } from '@playwright/test'

/** Whole-program stories (e2e/); one worker, since they share ports, displays and the desktop's bus. */
export default defineConfig({
  testDir: './e2e',
  outputDir: './out/playwright',
  workers: 1,
  timeout: 60_000,
  forbidOnly: true,
  // Slow or told twice: `npm run test:all` has them, the default run does not.
  ...(process.env['COORD_LONG'] === '1' ? {} : { grepInvert: /@long/ }),
  reporter: 'list',
})
