/** How resources are found in an index before `resourcesOverlap` decides: by a key that equal spellings share. */

const WILD = /[*?]/

/** Whether a resource is matched path by path. */
export const isPattern = (resource: string): boolean => WILD.test(resource)

/** One spelling of a path: composed letters, no empty or `.` parts; the `/` at the end of a folder stays. */
export function toResourceKey(resource: string): string {
  const parts = resource
    .normalize('NFC')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  return parts.join('/') + (resource.endsWith('/') ? '/' : '')
}

/** The text of a key before its first wildcard: whatever it covers begins with it. */
export const fixedStart = (key: string): string => /^[^*?]*/.exec(key)?.[0] ?? ''

/** Keys that cover a key by being equal or above it: `a/b` → `a/b`, `a/b/`, `a/`, and `/`, the top itself. */
export function coveringKeys(key: string): string[] {
  const name = key.endsWith('/') ? key.slice(0, -1) : key
  const keys = [name, `${name}/`, '/']
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) keys.push(name.slice(0, at + 1))
  return [...new Set(keys)]
}
