#!/usr/bin/env node
// Sends what the API's own document allows, and what it forbids, and holds every answer to the document: schemathesis, from
// PyPI, in an environment of its own below out/. Only for a server that this script starts, on 127.0.0.1.
//   node build/scripts/schemathesis.mjs [examples a call; default 50] [mariadb]
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { root } from './lib/freshness.mjs'

const VERSION = '4.32.5'
const home = join(root, 'out/schemathesis')
const tool = join(home, 'bin/st')

/**
 * What is left out, each with its reason. `events` never ends: a test of answers would wait for ever (it has tests of its own).
 * `Idempotency-Key`: the tool sends one key with many calls, and a key that was used for another call is refused by rule.
 * `wait` of a claim: the answer is held for up to 30 seconds by rule, and the tool gives up after ten.
 */
const LEFT_OUT = new Set(['Idempotency-Key', 'wait'])

const SETTINGS = `
[phases.stateful]
enabled = false

[checks]
# An empty query value counts as absent and an X-Coord-Queued-At that is no time counts as none (rules of the protocol): each
# finding of this check was one of these two, and the tool itself stops at some of them with a KeyError.
negative_data_rejection.enabled = false

[[operations]]
include-operation-id = "post_work_items"
# There is no such workflow: 422 with the field, since the body is what names it.
checks.positive_data_acceptance.expected-statuses = ["2xx", "422"]
`

export function installSchemathesis() {
  if (existsSync(tool)) return true
  mkdirSync(home, { recursive: true })
  return (
    spawnSync('python3', ['-m', 'venv', home], { stdio: 'inherit' }).status === 0 &&
    spawnSync(join(home, 'bin/pip'), ['install', '-q', `schemathesis==${VERSION}`], { stdio: 'inherit' })
      .status === 0
  )
}

/** `database`: a database server's address; a file of its own where absent. */
export async function runSchemathesis(examples, database) {
  const temp = mkdtempSync(join(tmpdir(), 'coord-schema-'))
  const server = spawn(
    process.execPath,
    [
      '--no-warnings',
      join(root, 'electron/api/main.ts'),
      '--port',
      '0',
      '--database',
      database ?? join(temp, 'coord.db'),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    const line = await new Promise((resolve) => server.stdout.once('data', (d) => resolve(String(d))))
    const { listening } = JSON.parse(line)
    const document = await (await fetch(`${listening}/api/coord/openapi.json`)).json()
    for (const methods of Object.values(document.paths))
      for (const operation of Object.values(methods))
        operation.parameters = operation.parameters?.filter(({ name }) => !LEFT_OUT.has(name))
    delete document.paths['/api/coord/events']
    const documentFile = join(temp, 'openapi.json')
    writeFileSync(documentFile, JSON.stringify(document))
    const settings = join(temp, 'schemathesis.toml')
    writeFileSync(settings, SETTINGS)
    const args = [
      '--config-file',
      settings,
      'run',
      documentFile,
      '--url',
      listening,
      '--max-examples',
      String(examples),
      '--workers',
      '2',
      '--no-color',
    ]
    const { status } = spawnSync(tool, args, { stdio: 'inherit', cwd: temp })
    return status ?? 1
  } finally {
    server.kill()
    rmSync(temp, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  if (!installSchemathesis()) {
    console.error('schemathesis could not be installed (python3, venv and pip are needed)')
    process.exit(1)
  }
  const examples = Number(process.argv[2] ?? 50)
  if (process.argv[3] !== 'mariadb') process.exit(await runSchemathesis(examples))
  const { startMariaDb } = await import('../../electron/api/testing/mariadb.ts')
  const mariadb = await startMariaDb()
  const status = await runSchemathesis(examples, await mariadb.newDatabase())
  await mariadb.remove()
  process.exit(status)
}
