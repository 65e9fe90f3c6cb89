#!/usr/bin/env node
/** Entry of the hooks: `hook EVENT [--session NAME] [--home DIR] [--url URL] [--port N] [--machine NAME]`. Loads only what hooks need. */
import { parseArgs } from 'node:util'
import type { HookFlags } from './cli/hooks/hook-place.ts'
import { runHook } from './cli/hooks/run-hook.ts'
import { isHookEvent } from './core/sessions/hook-events.ts'

process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

const { values, positionals } = parseArgs({
  options: {
    session: { type: 'string' },
    home: { type: 'string' },
    url: { type: 'string' },
    port: { type: 'string' },
    machine: { type: 'string' },
    'coord-hook': { type: 'boolean' },
  },
  allowPositionals: true,
  strict: false,
})
// `hook run EVENT` too: the words that the settings of older builds hold
const event = positionals.at(-1) ?? ''
if (isHookEvent(event)) void runHook(event, values as HookFlags).then((code) => process.exit(code))
else process.stderr.write(`coord: there is no hook ${event}\n`)
