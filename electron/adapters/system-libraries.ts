/** Asks the system's own loader which libraries of Electron are missing; nothing is run and nothing is loaded. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { SYSTEM_LIBRARIES, type Distribution, type MissingLibraries } from '../../shared/system-libraries.ts'

const TIMEOUT_MS = 5000

/** This machine's distribution, as its package manager's own files tell: names of releases differ too much. */
export function readDistribution(dpkgInfo = '/var/lib/dpkg/info'): Distribution {
  try {
    return {
      isDebianLike: true,
      hasRenamedPackages: readdirSync(dpkgInfo).some((name) => /t64[.:]/.test(name)),
    }
  } catch {
    return { isDebianLike: false, hasRenamedPackages: false }
  }
}

/**
 * What `program` (Electron's executable, or any program: only the list is asked then) would miss. Null where it cannot
 * be told: no Linux, or a loader that is not glibc's.
 *
 * With LD_TRACE_LOADED_OBJECTS the loader lists what it would map and ends, as `ldd` has it do; LD_PRELOAD adds what
 * Electron opens later by name, which `ldd` does not know of.
 */
export function findMissingLibraries(
  program: string = process.execPath,
  env: NodeJS.ProcessEnv = process.env,
): Promise<MissingLibraries | null> {
  if (process.platform !== 'linux') return Promise.resolve(null)
  const asked = {
    ...env,
    LD_TRACE_LOADED_OBJECTS: '1',
    LD_PRELOAD: SYSTEM_LIBRARIES.map(({ file }) => file).join(' '),
  }
  return new Promise((resolve) => {
    execFile(program, [], { env: asked, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const said = `${stdout}\n${stderr}`
      // A loader that knows the variable lists the C library of every program; another one has run the program.
      if (!said.includes('libc.so') && !/error while loading shared libraries/.test(said))
        return resolve(null)
      if (error?.killed) return resolve(null)
      resolve(sort(namesIn(said), dirname(program)))
    })
  })
}

/** The loader's three ways to say that a library cannot be had: not there, not there by name, there and broken. */
const SAYS = [
  /^\s*(\S+) => not found/gm,
  /object '([^']+)' from LD_PRELOAD cannot be preloaded/g,
  /error while loading shared libraries: ([^:\s]+):/g,
]
const namesIn = (said: string): ReadonlySet<string> =>
  new Set(SAYS.flatMap((way) => [...said.matchAll(way)].map((match) => basename(match[1] ?? ''))))

function sort(names: ReadonlySet<string>, folder: string): MissingLibraries {
  const known = SYSTEM_LIBRARIES.filter(({ file }) => names.has(file))
  const listed = new Set(SYSTEM_LIBRARIES.map(({ file }) => file))
  // What Electron brings itself is looked for beside it (its RPATH), which a traced start may not do.
  const unknown = [...names].filter((name) => !listed.has(name) && !existsSync(join(folder, name)))
  return { known, unknown }
}
