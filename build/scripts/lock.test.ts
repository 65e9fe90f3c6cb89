/** What `npm ci` installs: it has no reason to warn, and all of it runs on the Node that the scripts take. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { WANTED, ownNode } from './lib/need-node.cjs'

interface Locked {
  readonly version?: string
  readonly engines?: { readonly node?: string }
  readonly hasInstallScript?: boolean
}
interface Manifest {
  readonly engines?: { readonly node?: string }
  readonly devEngines?: { readonly runtime?: { readonly version?: string } }
  readonly allowScripts?: Readonly<Record<string, boolean>>
}

/** Brings no types. */
const { satisfies } = createRequire(import.meta.url)('semver') as {
  readonly satisfies: (version: string, range: string) => boolean
}
const root = join(import.meta.dirname, '../..')
const json = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
const manifest = json('package.json') as Manifest
const { packages } = json('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> }
const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
const installed = Object.keys(packages).filter(
  (path) => path !== '' && existsSync(join(root, path, 'package.json')),
)

it('the lock names no engines, which npm would compare with its own Node (node build/scripts/lock.mjs)', () => {
  expect(Object.entries(packages).flatMap(([path, { engines }]) => (engines ? [path] : []))).toEqual([])
  expect(manifest.engines).toBeUndefined()
})

it('package.json and the scripts name the same oldest Node', () => {
  expect(manifest.devEngines?.runtime?.version).toBe(`>=${WANTED}`)
})

it.each([
  ['the oldest Node that the scripts accept', WANTED],
  ['the Node that came with npm ci', ownNode()?.version ?? WANTED],
])('every installed package runs on %s', (_, version) => {
  expect(installed.length).toBeGreaterThan(300)
  const refusing = installed.filter((path) => {
    const { engines } = json(`${path}/package.json`) as Locked
    return engines?.node !== undefined && !satisfies(version, engines.node)
  })
  expect(refusing).toEqual([])
})

it('each install script of a package is allowed or refused by name, none is only skipped', () => {
  const undecided = Object.entries(packages).flatMap(([path, { hasInstallScript }]) =>
    hasInstallScript && manifest.allowScripts?.[nameOf(path)] === undefined && !path.endsWith('/fsevents')
      ? [path]
      : [],
  )
  expect(undecided).toEqual([])
})
