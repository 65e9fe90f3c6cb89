// What stands in the bundles besides our own code: the notices that its authors ask for, and the list for machines (SBOM).
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './freshness.mjs'

const json = (file) => JSON.parse(readFileSync(file, 'utf8'))
const LICENCE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i

/** Each bundled package, by name and version; `folders`: from the project's folder. */
export function readPackages(folders) {
  const { packages: locked } = json(join(root, 'package-lock.json'))
  const found = folders.map((folder) => {
    const dir = join(root, folder)
    const { name, version, license, author, homepage } = json(join(dir, 'package.json'))
    const texts = readdirSync(dir)
      .filter((file) => LICENCE_FILE.test(file) && !/\.(c?js|ts|json)$/.test(file))
      .sort()
      .map((file) => readFileSync(join(dir, file), 'utf8').replaceAll('\r\n', '\n').trim())
    const who = typeof author === 'string' ? author : author?.name
    return { name, version, license, who, homepage, texts, integrity: locked[folder]?.integrity }
  })
  const byKey = new Map(found.map((one) => [`${one.name} ${one.version}`, one]))
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

const RULE = '-'.repeat(80)

function notices(packages) {
  const parts = packages.map(({ name, version, license, who, texts }) =>
    [
      RULE,
      `${name} ${version} (${license})${who ? `, ${who}` : ''}`,
      RULE,
      '',
      texts.join('\n\n') || `Its package carries no text of its licence, which it names as ${license}.`,
      '',
    ].join('\n'),
  )
  return [
    'Coord Tray is bundled from its own sources and from the packages below; each is under the licence that follows it.',
    'In the desktop packages, Electron and Chromium come with LICENSE.electron.txt and LICENSES.chromium.html.',
    '',
    ...parts,
  ].join('\n')
}

/** CycloneDX 1.5; nothing in it depends on when or where it was made. */
function sbom(packages, manifest) {
  const purl = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`
  const component = (one) => {
    const [algorithm, value] = one.integrity?.split('-', 2) ?? []
    return {
      type: 'library',
      'bom-ref': purl(one),
      name: one.name,
      version: one.version,
      purl: purl(one),
      licenses: [{ expression: one.license }],
      ...(algorithm === 'sha512'
        ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(value, 'base64').toString('hex') }] }
        : {}),
    }
  }
  const self = {
    type: 'application',
    'bom-ref': purl(manifest),
    name: manifest.name,
    version: manifest.version,
  }
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: self },
    components: packages.map(component),
    dependencies: [{ ref: self['bom-ref'], dependsOn: packages.map(purl) }],
  }
}

/** Writes `LICENSE.txt`, `THIRD-PARTY-NOTICES.txt` and `sbom.cdx.json` into `dir`. */
export function writeLegal(folders, dir) {
  const packages = readPackages(folders)
  mkdirSync(dir, { recursive: true })
  const write = (name, text) => writeFileSync(join(dir, name), text)
  write('LICENSE.txt', readFileSync(join(root, 'build/packaging/LICENSE.txt')))
  write('THIRD-PARTY-NOTICES.txt', notices(packages))
  write('sbom.cdx.json', `${JSON.stringify(sbom(packages, json(join(root, 'package.json'))), null, 1)}\n`)
}
