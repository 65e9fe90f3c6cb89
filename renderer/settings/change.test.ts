import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { empty } from '../../e2e/support/window-world.ts'
import { addTo, setOne, stopWatching, takeFrom, watchFolders, type Settings, type Step } from './change.ts'

const settings = (change: Partial<Settings> = {}): Settings => ({ ...empty().settings, ...change })
const after = (then: Settings, step: Step['change']): Settings => ({ ...then, ...step }) as Settings
const thereAndBack = (before: Settings, { change, back }: Step): Settings => {
  const then = after(before, change)
  return after(then, back(then))
}
const lists = fc.record({
  workspaces: fc.uniqueArray(fc.constantFrom('/a', '/b', '/c', '/d')),
  ignoredWorkspaces: fc.uniqueArray(fc.constantFrom('/x', '/y')),
  sessions: fc.uniqueArray(fc.constantFrom('M/a', 'M/b', 'M/c')),
})

describe('changes of settings', () => {
  it('each way back leads to the settings as they were', () => {
    fc.assert(
      fc.property(lists, fc.constantFrom('/a', '/b', '/x', '/new'), (given, path) => {
        const before = settings(given)
        const steps = [
          setOne(before, 'quitChoice', 'keep', ''),
          setOne(before, 'apiUrl', 'http://h', ''),
          addTo(before, 'sessions', 'M/new', ''),
          ...given.sessions.map((one) => takeFrom(before, 'sessions', one, '')),
          watchFolders(before, ['/new'], ''),
          ...((given.ignoredWorkspaces as readonly string[]).includes(path)
            ? []
            : [stopWatching(before, path, '')]),
        ]
        for (const step of steps) expect(thereAndBack(before, step)).toEqual(before)
      }),
    )
  })

  it('a way back leaves what was changed since', () => {
    const before = settings({ workspaces: ['/a', '/b', '/c'] })
    const { change, back } = stopWatching(before, '/b', '')
    const then = { ...after(before, change), workspaces: ['/c', '/new'] }
    expect(back(then)).toEqual({ workspaces: ['/c', '/b', '/new'], ignoredWorkspaces: [] })
  })

  it('a folder that is watched is not one that never is', () => {
    const before = settings({ ignoredWorkspaces: ['/a', '/x'] })
    expect(watchFolders(before, ['/a'], '').change).toEqual({
      workspaces: ['/a'],
      ignoredWorkspaces: ['/x'],
    })
    expect(stopWatching(settings({ workspaces: ['/a'] }), '/a', '').change).toEqual({
      workspaces: [],
      ignoredWorkspaces: ['/a'],
    })
  })

  it('start at login that was never asked goes back to no', () => {
    expect(setOne(settings({ startAtLogin: null }), 'startAtLogin', true, '').back(settings())).toEqual({
      startAtLogin: false,
    })
  })
})
