/** Builds `coord` to dist/cli; what a command needs alone (the API, the watcher) is loaded when it is called. */
import { readFileSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vite'
import { at, nodeBundle } from './bundle.ts'

/**
 * The entry, cli.cjs, is a few lines that any Node reads: an older one says what is needed, where the program itself
 * would only be a syntax error to it.
 */
const entryForAnyNode = (): Plugin => ({
  name: 'entry-for-any-node',
  generateBundle() {
    this.emitFile({
      type: 'asset',
      fileName: 'need-node.cjs',
      source: readFileSync(at('build/scripts/lib/need-node.cjs'), 'utf8'),
    })
    this.emitFile({
      type: 'asset',
      fileName: 'cli.cjs',
      source:
        "#!/usr/bin/env node\n'use strict'\nrequire('./need-node.cjs').whenEnough(function () {\n  require('./program.cjs')\n})\n",
    })
  },
})

const bundle = nodeBundle({
  entry: 'electron/cli.ts',
  outDir: 'dist/cli',
  fileName: 'program.cjs',
  target: 'node22',
  isSplit: true,
})
export default defineConfig({ ...bundle, plugins: [entryForAnyNode()] })
