import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { extensions } from '../../../shared/extensions.ts'
import { startPlainServer } from '../testing/plain-server.ts'
import { startServer, tempFolder } from '../testing/server.ts'

const SCRIPT = join(import.meta.dirname, '../../../build/scripts/conformance.mjs')

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  const child = spawn(process.execPath, [SCRIPT, ...args])
  let out = ''
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  const [code] = await once(child, 'close')
  return { code, out }
}

test('the server passes every rule of the conformance suite', async () => {
  const folder = await tempFolder()
  const server = await startServer(join(folder.path, 'coord.db'))
  try {
    const { code, out } = await run(server.url, '--write')
    expect(out.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([])
    expect(out.split('\n').filter((line) => line.startsWith('ok')).length).toBeGreaterThan(30)
    const extended = out.split('\n').filter((line) => line.startsWith('has '))
    expect(extended.map((line) => line.replace(/^has +extension /, '')).sort()).toEqual(
      [...extensions, 'idempotency'].sort(),
    )
    expect(code).toBe(0)
    expect(server.stderr()).toBe('')
  } finally {
    await server.stop()
    await folder.remove()
  }
})

test('of a server without extensions the suite says so, and asks for none', async () => {
  const server = await startPlainServer()
  try {
    const { out } = await run(server.url)
    expect(out.split('\n').filter((line) => line.startsWith('none'))).toHaveLength(extensions.length + 1)
    expect(out).not.toContain('has   extension')
    expect(out).not.toMatch(/^\w+ +extension \w+:/m)
  } finally {
    await server.stop()
  }
})

test('the suite contacts servers on this machine only', async () => {
  for (const url of [
    'http://192.0.2.1:8001',
    'http://127.0.0.1.example.invalid',
    'file:///etc/passwd',
    'nonsense',
  ])
    expect((await run(url)).code).toBe(2)
})
