// The real desktops that the long end-to-end stories run on, and what of them this machine lacks.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './freshness.mjs'
import { has } from './runtime.mjs'

/** Those whose story does not end the same way each time; they are told as left out, with what was seen. */
const isUnsteady = (desk) => desk.unsteady !== undefined && process.env.COORD_UNSTEADY !== '1'
const desks = () => JSON.parse(readFileSync(join(root, 'e2e/support/desks.json'), 'utf8'))
const missingOf = ({ needs }) =>
  needs.filter((need) => !(need.startsWith('/') ? existsSync(need) : has(need)))

/** Debian's packages for the desktops that are not whole here. */
export const deskPackages = () => [
  ...new Set(desks().flatMap((desk) => (missingOf(desk).length > 0 ? desk.packages : []))),
]
/** One line for each desktop that cannot be had here, with the command that brings it in. */
export const desksLeftOut = () =>
  desks()
    .filter((desk) => isUnsteady(desk) || missingOf(desk).length > 0)
    .map((desk) =>
      isUnsteady(desk)
        ? `the tray app on ${desk.name}: ${desk.unsteady}`
        : `the tray app on ${desk.name} (no ${missingOf(desk).join(', no ')}): sudo apt-get install -y ${desk.packages.join(' ')}`,
    )
