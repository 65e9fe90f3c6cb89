/** Makes one file of the flush child, once: a thousand of them must start. */
import { join } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '../../..')

export async function bundleFlush(outDir: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    build: {
      ssr: 'electron/adapters/testing/flush-child.ts',
      outDir,
      target: 'node22',
      minify: false,
      rollupOptions: { output: { format: 'es', entryFileNames: 'flush-child.mjs' } },
    },
    ssr: { noExternal: true },
  })
  return join(outDir, 'flush-child.mjs')
}
