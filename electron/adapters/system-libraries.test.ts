/** Each library of the list is missed when it is gone: the system's own loader is asked, with one hidden at a time. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  debianDependencies,
  installCommand,
  missingSentences,
  packagesOf,
  SYSTEM_LIBRARIES,
} from '../../shared/system-libraries.ts'
import { findMissingLibraries, readDistribution } from './system-libraries.ts'

const debian12 = { isDebianLike: true, hasRenamedPackages: false }
const debian13 = { isDebianLike: true, hasRenamedPackages: true }
const another = { isDebianLike: false, hasRenamedPackages: false }
const isLinux = process.platform === 'linux'

describe.runIf(isLinux)('the loader is asked', () => {
  let dir: string
  beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'coord-libraries-'))))
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  /** The loader finds this file first, and it is no library: for every program, that one cannot be had. */
  const without = (file: string): NodeJS.ProcessEnv => {
    writeFileSync(join(dir, file), '')
    return { ...process.env, LD_LIBRARY_PATH: dir }
  }

  it.each(SYSTEM_LIBRARIES.map(({ file, package: name }) => [file, name]))(
    '%s hidden: it is named, and the package %s',
    async (file, name) => {
      const missing = await findMissingLibraries(process.execPath, without(file))
      expect(missing?.known.map((library) => library.file)).toContain(file)
      const sentences = missingSentences(missing ?? { known: [], unknown: [] }, debian12)
      expect(sentences.find((sentence) => sentence.includes(file))).toMatch(
        new RegExp(`sudo apt-get install -y .*\\b${name.replaceAll('.', '\\.')}\\b`),
      )
    },
  )

  it('asks without running the program, and cannot be told where it is none', async () => {
    const marker = join(dir, 'it-ran')
    const script = join(dir, 'program')
    writeFileSync(
      script,
      `#!${process.execPath}\nrequire('fs').writeFileSync(${JSON.stringify(marker)}, '')\n`,
      {
        mode: 0o755,
      },
    )
    expect(await findMissingLibraries(script)).not.toBeNull()
    expect(existsSync(marker)).toBe(false)
    expect(await findMissingLibraries(join(dir, 'no-such-program'))).toBeNull()
  })
})

/** The preview runtime, where the tests have fetched it. */
const electron = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'coord-electron/22.3.25/electron',
)
it.runIf(isLinux && existsSync(electron))('every library that Electron links to is in the list', () => {
  const { stderr } = spawnSync(electron, [], {
    encoding: 'utf8',
    env: { ...process.env, LD_TRACE_LOADED_OBJECTS: '1', LD_DEBUG: 'files' },
  })
  const linked = [...stderr.matchAll(/file=(\S+) \[0\];\s+needed by \S*\/electron \[0\]/g)].map(
    (m) => m[1] ?? '',
  )
  const brought = /^(libffmpeg|libc|libm|libdl|libpthread|libgcc_s|ld-linux.*)\.so/
  const listed = SYSTEM_LIBRARIES.filter(({ loaded }) => loaded === 'linked').map(({ file }) => file)
  expect(linked.filter((file) => !brought.test(file)).sort()).toEqual([...listed].sort())
})

it('the distribution is read from the package manager’s files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-dpkg-'))
  try {
    writeFileSync(join(dir, 'libssl3:amd64.list'), '')
    expect(readDistribution(dir)).toEqual(debian12)
    writeFileSync(join(dir, 'libssl3t64:amd64.list'), '')
    expect(readDistribution(dir)).toEqual(debian13)
    expect(readDistribution(join(dir, 'absent'))).toEqual(another)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

describe('what is missing, in words', () => {
  const library = (file: string) => SYSTEM_LIBRARIES.filter((one) => one.file === file)

  it('says what follows, and the command of this distribution', () => {
    const missing = { known: [...library('libgtk-3.so.0'), ...library('libnotify.so.4')], unknown: [] }
    expect(missingSentences(missing, debian12)).toEqual([
      'Electron does not start without libgtk-3.so.0: sudo apt-get install -y libgtk-3-0',
      'No notification can be shown without libnotify.so.4: sudo apt-get install -y libnotify4',
    ])
    expect(missingSentences(missing, debian13)[0]).toContain(' libgtk-3-0t64')
    expect(missingSentences(missing, another)[0]).toContain('package manager')
    expect(missingSentences({ known: [], unknown: [] }, debian12)).toEqual([])
  })

  it('names a library that the list does not know', () => {
    const said = missingSentences({ known: [], unknown: ['libnew.so.1'] }, debian12)
    expect(said).toEqual([
      'Electron does not start without libnew.so.1: install it with your system’s package manager',
    ])
  })

  it('names a package once', () => {
    expect(packagesOf([...library('libnss3.so'), ...library('libsmime3.so')], debian12)).toEqual(['libnss3'])
    expect(installCommand([], debian12)).toBeNull()
  })
})

it('the Debian package depends on the package of each library, by either name', async () => {
  const alternatives = debianDependencies().map((line) => line.split(' | '))
  for (const { package: name } of SYSTEM_LIBRARIES)
    expect(
      alternatives.some((names) => names.includes(name)),
      name,
    ).toBe(true)
  expect(debianDependencies()).toContain('libasound2 | libasound2t64')
  const file = join(import.meta.dirname, '../../build/scripts/package/deb.mjs')
  const { control } = (await import(file)) as { readonly control: (tree: string) => string }
  const depends = /^Depends: (.*)$/m.exec(control(import.meta.dirname))?.[1]?.split(', ')
  expect(depends).toEqual(['libc6', ...debianDependencies()])
})
