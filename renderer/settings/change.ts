/** Changes of settings, each with the way back from it. Pure. */
import type { InputOf } from '../../shared/protocol.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'

export type Settings = AppSnapshot['settings']
export type Change = InputOf<'settings.update'>

/** A change, and what takes it back from the settings as they are then: other changes since stay. */
export interface Step {
  readonly change: Change
  readonly back: (then: Settings) => Change
  /** What is said when it is done. */
  readonly said: string
}

type ListKey = 'aliases' | 'sessions' | 'workspaces' | 'ignoredWorkspaces'

export const without = (list: readonly string[], ...gone: readonly string[]): string[] =>
  list.filter((one) => !gone.includes(one))
export const withAll = (list: readonly string[], ...more: readonly string[]): string[] => [
  ...new Set([...list, ...more]),
]
/** As it was before it was taken out: at its place, as far as there is still one. */
export function withBack(list: readonly string[], one: string, at: number): string[] {
  const rest = without(list, one)
  return [...rest.slice(0, at), one, ...rest.slice(at)]
}

/** Sets one value; the way back is the one before. */
export function setOne<K extends Exclude<keyof Change, ListKey | 'isSetUp'>>(
  settings: Settings,
  key: K,
  value: Change[K],
  said: string,
): Step {
  const before = settings[key as keyof Settings]
  return {
    change: { [key]: value },
    // Never asked and said no are alike, and only the second can be said.
    back: () => ({ [key]: key === 'startAtLogin' ? before === true : before }),
    said,
  }
}

export const addTo = (settings: Settings, key: ListKey, one: string, said: string): Step => ({
  change: { [key]: withAll(settings[key], one) },
  back: (then) => ({ [key]: without(then[key], one) }),
  said,
})

export function takeFrom(settings: Settings, key: ListKey, one: string, said: string): Step {
  const at = settings[key].indexOf(one)
  return {
    change: { [key]: without(settings[key], one) },
    back: (then) => ({ [key]: withBack(then[key], one, at) }),
    said,
  }
}

/** Folders are watched from now on, also those that were never to be. */
export function watchFolders(settings: Settings, paths: readonly string[], said: string): Step {
  const ignored = settings.ignoredWorkspaces.filter((one) => paths.includes(one))
  const isIgnored = ignored.length > 0
  const isNew = paths.filter((one) => !settings.workspaces.includes(one))
  return {
    change: {
      workspaces: withAll(settings.workspaces, ...paths),
      ...(isIgnored ? { ignoredWorkspaces: without(settings.ignoredWorkspaces, ...paths) } : {}),
    },
    back: (then) => ({
      workspaces: without(then.workspaces, ...isNew),
      ...(isIgnored ? { ignoredWorkspaces: withAll(then.ignoredWorkspaces, ...ignored) } : {}),
    }),
    said,
  }
}

/** A folder is watched no longer. Only taken out of the list, one that has a queue would be found again at once. */
export function stopWatching(settings: Settings, path: string, said: string): Step {
  const at = settings.workspaces.indexOf(path)
  const isNamed = at >= 0
  return {
    change: {
      ...(isNamed ? { workspaces: without(settings.workspaces, path) } : {}),
      ignoredWorkspaces: withAll(settings.ignoredWorkspaces, path),
    },
    back: (then) => ({
      ...(isNamed ? { workspaces: withBack(then.workspaces, path, at) } : {}),
      ignoredWorkspaces: without(then.ignoredWorkspaces, path),
    }),
    said,
  }
}
