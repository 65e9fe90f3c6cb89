import { describe, expect, it } from 'vitest'
import { firstRun } from '../../e2e/support/window-world.ts'
import { answersOf, firstDraft, lackOf } from './draft.ts'

const world = firstRun()
const draft = { ...firstDraft(world.settings), folders: ['/a', '/a'], isAtLogin: true }

describe('the first run', () => {
  it('is complete as it stands: every answer has a value that works', () => {
    expect(lackOf(firstDraft(world.settings), world.settings)).toBeUndefined()
    expect(answersOf(draft, world)).toEqual({
      machineName: 'DESKTOP-1',
      workspaces: ['/a'],
      apiUrl: null,
      startAtLogin: true,
      isSetUp: true,
    })
  })

  it('says what is missing', () => {
    expect(lackOf({ ...draft, machineName: ' ' }, world.settings)).toMatch(/name/)
    for (const address of ['', 'coord.test', 'ftp://x'])
      expect(lackOf({ ...draft, kind: 'join', address }, world.settings), address).toMatch(/address/)
    expect(lackOf({ ...draft, kind: 'join', address: 'http://x' }, world.settings)).toBeUndefined()
  })

  it('sends nothing that a variable sets, and asks for none of it', () => {
    const setBy = { machineName: 'COORD_MACHINE', workspaces: 'COORD_WORKSPACES', apiUrl: 'COORD_API_URL' }
    const settings = { ...world.settings, setBy }
    expect(lackOf({ ...draft, kind: 'join', address: '' }, settings)).toBeUndefined()
    const front = { ...world.front, startsAtLogin: false }
    expect(answersOf(draft, { settings, front })).toEqual({ isSetUp: true })
  })
})
