#!/usr/bin/env node
/** Entry of the terminal front: `coord …`. What only says the version, or completes a word, loads no more than that. */
import { VERSION } from '../shared/version.ts'
import { errorLine, outputFailure, watchOutput } from './cli/output.ts'

async function runWords(argv: readonly string[]): Promise<number> {
  // only as the first word: `component set … --version 2` is a version of something else
  if (argv[0] === '--version' || argv[0] === '-V') {
    process.stdout.write(`${VERSION}\n`)
    return 0
  }
  if (argv[0] === '__complete') return (await import('./cli/completion/complete.ts')).complete(argv.slice(1))
  return (await import('./cli/program.ts')).run(argv)
}

async function main(): Promise<number> {
  watchOutput()
  const code = await runWords(process.argv.slice(2))
  const failed = await outputFailure()
  if (failed === null) return code
  errorLine(`the result could not be written: ${failed}`)
  return code === 0 ? 1 : code
}

// An open watcher or socket must not hold a finished command. No top-level await: the bundle is CommonJS.
void main().then((code) => process.exit(code))
