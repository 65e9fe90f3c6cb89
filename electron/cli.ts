#!/usr/bin/env node
/** Entry of the terminal front: `coord …`. */
import { run } from './cli/program.ts'

// A reader that went away (`coord … | head`) is no error of ours.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

// An open watcher or socket must not hold a finished command. No top-level await: the bundle is CommonJS.
void run(process.argv.slice(2)).then((code) => process.exit(code))
