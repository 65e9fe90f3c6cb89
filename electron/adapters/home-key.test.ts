import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isSameProof, newNonce, ownerProof, readHomeKey, serverProof } from './home-key.ts'

let home: string
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'coord-key-'))))
afterEach(() => rmSync(home, { recursive: true, force: true }))

describe('the key of a COORD_HOME', () => {
  it('is made once, for this user only, and leaves no draft', () => {
    const key = readHomeKey(home)
    expect(key).toMatch(/^[0-9a-f]{64}$/)
    expect(readHomeKey(home)).toBe(key)
    expect(statSync(join(home, 'secret')).mode & 0o777).toBe(0o600)
    expect(readdirSync(home)).toEqual(['secret'])
  })

  it.each(['', '\n', 'abc', '0'.repeat(63)])('is made anew where the file holds none (%j)', (found) => {
    writeFileSync(join(home, 'secret'), found, { mode: 0o644 })
    const key = readHomeKey(home)
    expect(key).toMatch(/^[0-9a-f]{64}$/)
    expect(readHomeKey(home)).toBe(key)
    expect(statSync(join(home, 'secret')).mode & 0o777).toBe(0o600)
  })

  it('of an older build is kept', () => {
    const old = 'ab'.repeat(32)
    writeFileSync(join(home, 'secret'), old)
    chmodSync(join(home, 'secret'), 0o600)
    expect(readHomeKey(home)).toBe(old)
    expect(readFileSync(join(home, 'secret'), 'utf8')).toBe(old)
  })
})

describe('a proof', () => {
  it('differs by key, nonce, address and side', () => {
    const [key, other] = ['00'.repeat(32), '01'.repeat(32)]
    const proofs = [
      serverProof(key, 'n', 'http://127.0.0.1:8001'),
      serverProof(other, 'n', 'http://127.0.0.1:8001'),
      serverProof(key, 'm', 'http://127.0.0.1:8001'),
      serverProof(key, 'n', 'http://127.0.0.1:8002'),
      ownerProof(key, 'owner', { asker: 'n', owner: 'm' }, 'x'),
      ownerProof(key, 'asker', { asker: 'n', owner: 'm' }, 'x'),
      ownerProof(key, 'owner', { asker: 'm', owner: 'n' }, 'x'),
      ownerProof(key, 'owner', { asker: 'n', owner: 'm' }, 'y'),
    ]
    expect(new Set(proofs).size).toBe(proofs.length)
  })

  it('is taken only where it is the very one', () => {
    const proof = serverProof('00'.repeat(32), newNonce(), 'http://127.0.0.1:8001')
    expect(isSameProof(proof, proof)).toBe(true)
    for (const given of [undefined, null, '', proof.slice(1), `${proof}0`, 7])
      expect(isSameProof(given, proof)).toBe(false)
  })
})
