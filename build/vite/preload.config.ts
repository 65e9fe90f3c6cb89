/** Builds the sandboxed preload to dist/main/preload.cjs: one CommonJS file that requires nothing but Electron. */
import { defineConfig } from 'vite'
import { nodeBundle } from './bundle.ts'

export default defineConfig(
  nodeBundle({
    entry: 'electron/preload.ts',
    outDir: 'dist/main',
    fileName: 'preload.cjs',
    target: 'node16',
    isSplit: false,
  }),
)
