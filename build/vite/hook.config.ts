/** Builds what the installed hooks run to dist/cli/hook.cjs: one small file, since a tool waits for it at each edit. */
import { defineConfig } from 'vite'
import { nodeBundle } from './bundle.ts'

export default defineConfig(
  nodeBundle({
    entry: 'electron/hook.ts',
    outDir: 'dist/cli',
    fileName: 'hook.cjs',
    target: 'node22',
    isSplit: false,
  }),
)
