/** What the bundles for Node have in common: one folder of CommonJS with every dependency inside. */
import { resolve } from 'node:path'
import type { UserConfig } from 'vite'
import { at, noteBundled } from './bundled.ts'

/** Stays outside: Electron's own module, and what Node brings (`node:sqlite` and the others). */
const external = [/^node:/, 'electron']

interface Bundle {
  readonly entry: string
  /** From the project's folder, or absolute. */
  readonly outDir: string
  readonly fileName: string
  readonly target: string
  /** Lazy `import()` becomes files of their own; without it everything is one file. */
  readonly isSplit: boolean
}

export const nodeBundle = ({ entry, outDir, fileName, target, isSplit }: Bundle): UserConfig => ({
  root: at('.'),
  publicDir: false,
  plugins: [noteBundled()],
  ssr: { noExternal: true, external: ['electron'], target: 'node' },
  build: {
    ssr: at(entry),
    outDir: resolve(at('.'), outDir),
    emptyOutDir: false,
    target,
    // Short names, and stack traces that still say which function: the log is read by people.
    minify: true,
    sourcemap: false,
    rolldownOptions: {
      external,
      output: {
        format: 'cjs',
        entryFileNames: fileName,
        chunkFileNames: '[name]-[hash].cjs',
        ...(isSplit ? {} : { codeSplitting: false }),
      },
    },
  },
})
