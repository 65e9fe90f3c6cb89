/** Builds `coord` to dist/cli/cli.cjs; what a command needs alone (the API, the watcher) is loaded when it is called. */
import { defineConfig } from 'vite'
import { nodeBundle } from './bundle.ts'

export default defineConfig(
  nodeBundle({
    entry: 'electron/cli.ts',
    outDir: 'dist/cli',
    fileName: 'cli.cjs',
    target: 'node22',
    isSplit: true,
  }),
)
