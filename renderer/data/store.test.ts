import { describe, expect, it } from 'vitest'
import { createWindowStore } from './store.ts'

describe('what the window tells', () => {
  it('keeps what can still be undone, however much is told after it', () => {
    const store = createWindowStore()
    store.getState().tell('done', 'discarded', () => undefined)
    for (let n = 0; n < 9; n++) store.getState().tell('error', `fault ${n}`)
    expect(store.getState().notices.map((notice) => notice.text)).toEqual([
      'discarded',
      'fault 6',
      'fault 7',
      'fault 8',
    ])
  })

  it('says once that the engine is gone, and takes that back when it is there again', () => {
    const store = createWindowStore()
    const { tell, setLink } = store.getState()
    setLink('lost')
    tell('lost', 'nobody answers')
    tell('lost', 'nobody answers')
    expect(store.getState().notices).toHaveLength(1)
    setLink('up')
    expect(store.getState().notices).toEqual([])
  })
})

describe('the picture of another engine', () => {
  it('is taken after a loss, though it counts from one again; an older one of the same engine is not', () => {
    const store = createWindowStore()
    const { mirror, setLink } = store.getState()
    const picture = (revision: number, at: string) => ({ revision, at }) as never
    mirror(picture(40, 'old'))
    mirror(picture(39, 'older'))
    expect(store.getState().snapshot?.at).toBe('old')
    setLink('lost')
    setLink('up')
    mirror(picture(1, 'new'))
    expect(store.getState().snapshot?.at).toBe('new')
  })
})
