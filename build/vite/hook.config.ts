/** Builds what the installed hooks run to dist/cli/hook.cjs: small, since a tool waits for it at each edit. */
import { defineConfig } from 'vite'
import { nodeBundle } from './bundle.ts'
import { entryForAnyNode } from './entry-for-any-node.ts'

const bundle = nodeBundle({
  entry: 'electron/hook.ts',
  outDir: 'dist/cli',
  fileName: 'hook-program.cjs',
  target: 'node22',
  isSplit: false,
})
export default defineConfig({
  ...bundle,
  plugins: [...(bundle.plugins ?? []), entryForAnyNode('hook.cjs', 'hook-program.cjs', true)],
})
