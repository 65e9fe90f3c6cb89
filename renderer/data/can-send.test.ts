import { describe, expect, it } from 'vitest'
import { canActIn, canSendNow } from './can-send.ts'

describe('what can be sent from here', () => {
  const one = { waiting: 1, owner: 'this', problem: null } as const

  it('is a call that waits in a folder which is whole, and ours', () => {
    expect(canSendNow([one])).toBe(true)
    expect(canSendNow([])).toBe(false)
    expect(canSendNow([{ ...one, waiting: 0 }])).toBe(false)
    expect(canSendNow([{ ...one, problem: 'it cannot be written' }])).toBe(false)
    expect(canSendNow([{ ...one, owner: 'other-machine' }])).toBe(false)
    expect(canSendNow([{ ...one, problem: 'x' }, one])).toBe(true)
  })

  it('is dealt with where it is sent: not in the folder of another machine', () => {
    expect((['this', 'other-process', 'none'] as const).every((owner) => canActIn({ owner }))).toBe(true)
    expect(canActIn({ owner: 'other-machine' })).toBe(false)
  })
})
