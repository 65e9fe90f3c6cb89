import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { VERSION } from './version.ts'

it('is the version of the package', () => {
  const file = join(import.meta.dirname, '..', 'package.json')
  expect(VERSION).toBe((JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version)
})
