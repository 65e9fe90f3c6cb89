// Which files each package holds, as lists that are compared with build/packaging/files.txt: what comes or goes is seen in
// a review. Names with a hash of their content are one line; the runtime's own files are compared with the runtime.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packaging } from './facts.mjs'

const GOLDEN = packaging('files.txt')
const run = (command, ...args) => {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`)
  return done.stdout.split('\n').filter(Boolean)
}

/** `[path, size]` of each file of an asar: four numbers, then a JSON header. */
export function filesOfAsar(file) {
  const fd = openSync(file, 'r')
  const head = Buffer.alloc(16)
  readSync(fd, head, 0, 16, 0)
  const json = Buffer.alloc(head.readUInt32LE(12))
  readSync(fd, json, 0, json.length, 16)
  closeSync(fd)
  const walk = (entry, path) =>
    entry.files === undefined
      ? [[path, entry.size]]
      : Object.entries(entry.files).flatMap(([name, child]) => walk(child, path ? `${path}/${name}` : name))
  return walk(JSON.parse(json.toString()), '')
}

/** Chunks come and go with every change of the sources: those of a folder are one name; each name once, sorted. */
const settled = (names) =>
  [
    ...new Set(
      names.map((name) =>
        name.replace(/((?:dist\/cli|window\/assets)\/)[\w-]+-[\w-]{8}(\.\w+)$/, '$1*-HASH$2'),
      ),
    ),
  ].sort()

/** What is ours in the unpacked folder, the archive's files included. */
export function appFiles(app) {
  const asar = filesOfAsar(join(app, 'resources/app.asar')).map(([path]) => `resources/app.asar/${path}`)
  const resources = readdirSync(join(app, 'resources'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'app.asar')
    .map((entry) => join(entry.parentPath, entry.name).slice(app.length + 1))
  return settled([...asar, ...resources])
}

/** What lies beside `resources` and is not the runtime's own. */
export function besideRuntime(app, runtime) {
  const own = new Set(readdirSync(runtime))
  const renamed = { 'coord-tray': 'electron', 'LICENSE.electron.txt': 'LICENSE' }
  return readdirSync(app).filter((name) => name !== 'resources' && !own.has(renamed[name] ?? name))
}

/** Where the squashfs of an AppImage begins: behind the program in front, an ELF of 64 bits. */
export function squashfsOffset(file) {
  const fd = openSync(file, 'r')
  const head = Buffer.alloc(64)
  readSync(fd, head, 0, 64, 0)
  closeSync(fd)
  return Number(head.readBigUInt64LE(0x28)) + head.readUInt16LE(0x3a) * head.readUInt16LE(0x3c)
}

/** What a package installs beside the program's own folder, which is the same in all. */
export function packageFiles(kind, file) {
  const all = {
    deb: () =>
      run('sh', '-c', `dpkg-deb --fsys-tarfile "${file}" | tar --list`).filter((name) => !name.endsWith('/')),
    rpm: () => run('rpm', '-qlp', file),
    // one folder: the program's own, with what is for the system in `share`
    'tar.gz': () =>
      run('tar', '--list', '--file', file)
        .map((name) => name.replace(/^[^/]+\//, ''))
        .filter((name) => name.startsWith('share/') && !name.endsWith('/')),
    AppImage: () =>
      run('unsquashfs', '-o', String(squashfsOffset(file)), '-lln', file)
        .filter((line) => !line.startsWith('d'))
        .map((line) => line.replace(/^.*?squashfs-root\//, '').replace(/ -> .*/, '')),
  }[kind]()
  const inside = all.map((name) => name.replace(/^\.?\//, ''))
  const folders = new Set(inside.map((name) => name.slice(0, name.lastIndexOf('/'))))
  return settled(
    inside.filter((name) => !folders.has(name) && !/(^|\/)lib\/coord-tray\/(?!apparmor-profile)/.test(name)),
  )
}

/** The sections of the golden list. */
function readGolden() {
  const sections = {}
  let section = ''
  for (const line of existsSync(GOLDEN) ? readFileSync(GOLDEN, 'utf8').split('\n') : []) {
    if (line.startsWith('[')) sections[(section = line.slice(1, -1))] = []
    else if (line !== '' && !line.startsWith('#')) sections[section].push(line)
  }
  return sections
}

/** What differs from the golden list, in words; empty: nothing. */
export function differences(section, files) {
  const golden = new Set(readGolden()[section] ?? [])
  return [
    ...files.filter((name) => !golden.has(name)).map((name) => `new: ${name}`),
    ...[...golden].filter((name) => !files.includes(name)).map((name) => `gone: ${name}`),
  ]
}

/** Writes what is there as what is wanted. */
export function updateGolden(section, files) {
  const sections = { ...readGolden(), [section]: files }
  const text = Object.keys(sections)
    .sort()
    .map((name) => `[${name}]\n${sections[name].join('\n')}\n`)
    .join('\n')
  const head =
    '# What is packed. Written by `node build/scripts/check-package.mjs --update`; read the difference before it is kept.\n\n'
  writeFileSync(GOLDEN, head + text)
}
