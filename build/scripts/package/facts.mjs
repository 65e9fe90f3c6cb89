// What every package of this program says about it, in one place.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../lib/freshness.mjs'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

export const PACKAGE = manifest.name
export const VERSION = manifest.version
/** Who answers for the packages: whoever makes them says so. */
export const MAINTAINER = process.env.COORD_PACKAGE_MAINTAINER || manifest.author
export const SUMMARY = 'tray companion for several AI coding sessions'
export const DESCRIPTION = [
  'Coord Tray replays the coordination calls that AI coding sessions queued while',
  'their API was away, in order and without losing or doubling one; it tells of',
  'their messages, shows the resource locks of this machine, and serves the',
  'coordination API on this workstation where there is no server.',
  '',
  'The command "coord" does the same from a terminal.',
]
export const ICON_SIZES = [16, 32, 48, 64, 128, 256, 512]
export const iconFile = (size) => join(root, `build/icons/drawn/app-${size}.png`)
export const packaging = (path) => join(root, 'build/packaging', path)

/** The time that stands in the packages, in seconds: of the last commit, so that the same sources give the same bytes. */
function epoch() {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH)
  const { stdout } = spawnSync('git', ['-C', root, 'log', '-1', '--format=%ct'], { encoding: 'utf8' })
  return Number(stdout?.trim()) || Math.floor(Date.now() / 1000)
}
export const EPOCH_S = epoch()
