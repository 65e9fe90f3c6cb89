import { describe, expect, it } from 'vitest'
import { BoundedMap } from './bounded-map.ts'
import { createListeners } from './listeners.ts'
import { isSameSecret } from './same-secret.ts'

describe('BoundedMap', () => {
  it('drops the oldest when it is full, and counts a new value as new', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1).set('b', 2).set('a', 3).set('c', 4)
    expect([...map]).toEqual([
      ['a', 3],
      ['c', 4],
    ])
  })
})

describe('listeners', () => {
  it('tells each in order, one that throws too, and none that was taken off', () => {
    const told: string[] = []
    const faults: unknown[] = []
    const listeners = createListeners<string>((cause) => faults.push(cause))
    const off = listeners.add((v) => told.push(`a ${v}`))
    listeners.add(() => {
      throw new Error('bug')
    })
    listeners.add((v) => told.push(`b ${v}`))
    listeners.tell('1')
    off()
    off()
    listeners.tell('2')
    expect(told).toEqual(['a 1', 'b 1', 'b 2'])
    expect(faults).toEqual([new Error('bug'), new Error('bug')])
  })

  it('keeps a function that was added twice until both are taken off', () => {
    let n = 0
    const listeners = createListeners<null>(() => undefined)
    const count = (): void => void n++
    const off = listeners.add(count)
    listeners.add(count)
    off()
    listeners.tell(null)
    expect(n).toBe(1)
  })
})

describe('isSameSecret', () => {
  it.each([
    ['', '', false],
    ['', 'key', false],
    ['key', '', false],
    ['key', 'key', true],
    ['keykey', 'key', false],
    ['ke', 'key', false],
    ['kez', 'key', false],
    ['Key', 'key', false],
    [undefined, 'key', false],
    [['key'], 'key', false],
  ])('%j for %j: %s', (given, secret, is) => {
    expect(isSameSecret(given, secret)).toBe(is)
  })
})
