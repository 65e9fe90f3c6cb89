import { defineConfig } from 'vitest/config'

const isLong = process.env['COORD_LONG'] === '1'

/** Unit, adapter and API tests; they stand beside what they test. The whole-program stories are Playwright's (e2e/). */
export default defineConfig({
  test: {
    include: [
      'shared/**/*.test.ts',
      'electron/**/*.test.ts',
      'renderer/**/*.test.{ts,tsx}',
      'build/**/*.test.ts',
    ],
    globalSetup: ['build/scripts/test/global-setup.ts'],
    // `@long` in the title of a test or of its group, as with the stories: `npm run test:all` has them, the default run does not.
    ...(isLong ? {} : { testNamePattern: /^(?!.*@long)/ }),
    // only a hang may meet these: timing is not a test, and these machines are shared
    testTimeout: isLong ? 300_000 : 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
