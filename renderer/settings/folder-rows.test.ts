import { describe, expect, it } from 'vitest'
import { busy } from '../../e2e/support/window-world.ts'
import { toFolderRows } from './folder-rows.ts'

const [first, second] = busy().workspaces
if (!first || !second) throw new Error('two folders')

describe('folders as rows', () => {
  it('named ones first, in their order, then found ones; the own queue of the app is none', () => {
    const own = { ...first, path: '/home/app', name: 'this app' }
    const rows = toFolderRows(['/not/there', first.path], [], [own, second, first])
    expect(rows.map(({ path, isNamed }) => [path, isNamed])).toEqual([
      ['/not/there', true],
      [first.path, true],
      [second.path, false],
    ])
  })

  it('says what is so and no more: nothing "waits" or is empty in a folder that is not watched', () => {
    const [away, rich, idle, sick] = toFolderRows(
      ['/a/away', first.path],
      [],
      [first, { ...second, path: '/i', problem: null, owner: 'this' }, { ...second, path: '/s' }],
    )
    expect(away).toMatchObject({ name: 'away', waiting: undefined, states: [], more: null })
    expect(rich?.states.map((one) => one.words)).toEqual(['3 calls set aside', '84 calls waiting'])
    expect(idle).toMatchObject({ states: [{ words: 'nothing waits' }], more: null })
    expect(sick).toMatchObject({ states: [{ tone: 'red', words: 'problem' }], more: second.problem })
  })

  it('a folder that is never watched is gone from the list at once', () => {
    expect(toFolderRows([], [second.path], [second])).toEqual([])
  })
})
