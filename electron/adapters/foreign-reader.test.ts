/** Who reads a queue file now, as `/proc` tells it. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hasForeignReader } from './foreign-reader.ts'

const isLinux = process.platform === 'linux'
let dir = ''
let file = ''
let child: ChildProcess | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-reader-'))
  file = join(dir, 'coord-queue.jsonl')
  writeFileSync(file, 'x\n')
})
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})
/** A shell that holds the file open until it is killed. */
const hold = (redirect: string): Promise<void> =>
  new Promise((resolve) => {
    child = spawn('bash', ['-c', `exec 7${redirect}"$0"; echo held; read -r _`, file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdout?.once('data', () => resolve())
  })

it.runIf(isLinux)('a process that has it open for reading is a reader', async () => {
  expect(await hasForeignReader(file)).toBe(false)
  await hold('<')
  expect(await hasForeignReader(file)).toBe(true)
})

it.runIf(isLinux)('one that appends is none, nor are we ourselves', async () => {
  await hold('>>')
  const own = openSync(file, 'r')
  expect(await hasForeignReader(file)).toBe(false)
  closeSync(own)
})
