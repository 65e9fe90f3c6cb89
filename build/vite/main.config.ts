/** Builds the main process to dist/main/main.cjs: CommonJS, and Node 16, for the older Electron of tests and previews. */
import { defineConfig } from 'vite'
import { nodeBundle } from './bundle.ts'

export default defineConfig(
  nodeBundle({
    entry: 'electron/main.ts',
    outDir: 'dist/main',
    fileName: 'main.cjs',
    target: 'node16',
    isSplit: false,
  }),
)
