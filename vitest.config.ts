import { defineConfig } from 'vitest/config'

const isLong = process.env['COORD_LONG'] === '1'
/** What leaves nothing behind in its process but files of its own in a temporary folder: such tests share a process. */
const PURE = ['shared/**/*.test.ts', 'electron/core/**/*.test.ts', 'renderer/**/*.test.{ts,tsx}']

/** Unit, adapter and API tests; they stand beside what they test. The whole-program stories are Playwright's (e2e/). */
export default defineConfig({
  test: {
    globalSetup: ['build/scripts/test/before-units.ts'],
    // `@long` in the title of a test or of its group, as with the stories: `npm run test:all` has them, the default run does not.
    ...(isLong ? {} : { testNamePattern: /^(?!.*@long)/ }),
    // Only a hang may meet these: timing is not a test, and these machines are shared. No test has a limit of its own.
    testTimeout: isLong ? 900_000 : 300_000,
    hookTimeout: 300_000,
    // a condition that is waited for has a second otherwise
    expect: { poll: { timeout: 120_000 } },
    pool: 'forks',
    // one more than CI's machines have cores: a third of the time is spent waiting for processes
    maxWorkers: 3,
    projects: [
      // a process a file costs more than most of these take
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      {
        extends: true,
        test: { name: 'real', include: ['electron/**/*.test.ts', 'build/**/*.test.ts'], exclude: PURE },
      },
    ],
  },
})
