/**
 * An entry that any Node reads: a few lines that hand over to the program, where an older Node says what is needed;
 * the program itself would only be a syntax error to it.
 */
import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'
import { at } from './bundled.ts'

/** Adds `fileName`, which runs `program` beside it. A hook never fails for its Node: it would stop a session's tool. */
export const entryForAnyNode = (fileName: string, program: string, isHook: boolean): Plugin => ({
  name: 'entry-for-any-node',
  generateBundle() {
    this.emitFile({
      type: 'asset',
      fileName: 'need-node.cjs',
      source: readFileSync(at('build/scripts/lib/need-node.cjs'), 'utf8'),
    })
    const lines = [
      '#!/usr/bin/env node',
      "'use strict'",
      "require('./need-node.cjs').whenEnough(function () {",
      `  require('./${program}')`,
      `}, ${isHook})`,
    ]
    this.emitFile({ type: 'asset', fileName, source: `${lines.join('\n')}\n` })
  },
})
