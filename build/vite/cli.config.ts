/** Builds `coord` to dist/cli; what a command needs alone (the API, the watcher) is loaded when it is called. */
import { defineConfig } from 'vite'
import { nodeBundle } from './bundle.ts'
import { entryForAnyNode } from './entry-for-any-node.ts'

const bundle = nodeBundle({
  entry: 'electron/cli.ts',
  outDir: 'dist/cli',
  fileName: 'program.cjs',
  target: 'node22',
  isSplit: true,
})
export default defineConfig({
  ...bundle,
  plugins: [...(bundle.plugins ?? []), entryForAnyNode('cli.cjs', 'program.cjs', false)],
})
