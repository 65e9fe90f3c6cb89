// debian/copyright in its machine-readable form, from the same list as the notices.
import { readPackages } from '../lib/legal.mjs'
import { PACKAGE } from './facts.mjs'

/** The names that Debian's form gives to licences, by their SPDX names. */
const NAMES = {
  MIT: 'Expat',
  ISC: 'ISC',
  'BSD-3-Clause': 'BSD-3-clause',
  'BSD-2-Clause': 'BSD-2-clause',
  'Apache-2.0': 'Apache-2.0',
}
const nameOf = (license) => {
  if (!Object.hasOwn(NAMES, license))
    throw new Error(`debian/copyright has no name for the licence ${license}`)
  return NAMES[license]
}
const indented = (text) =>
  text
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n')

const isCopyright = (line) => /^\s*(copyright\b|\(c\)|©)/i.test(line) && !/copyright notice/i.test(line)
const copyrightsOf = ({ name, who, texts }) => {
  const lines = texts.flatMap((text) => text.split('\n').filter(isCopyright)).map((line) => line.trim())
  return lines.length > 0
    ? lines.map((line) => line.replace(/^copyright\s*/i, ''))
    : [who ?? `the authors of ${name}`]
}
/** The licence itself, without whose it is and what it is called; of those that Debian carries, where that is. */
const bodyOf = ({ license, texts }) =>
  license === 'Apache-2.0'
    ? 'On Debian systems its text is in /usr/share/common-licenses/Apache-2.0.'
    : texts[0]
        .split('\n')
        .filter(
          (line) =>
            !isCopyright(line) && !/^\s*[(#]*\s*(the )?(mit|isc|bsd)\b.*licen[cs]e\)?\s*$/i.test(line),
        )
        .join('\n')
        .trim()

export function debianCopyright(folders) {
  const packages = readPackages(folders)
  const kinds = [...new Set(packages.map(({ license }) => license))].sort()
  const owners = [...new Set(packages.flatMap(copyrightsOf))].sort()
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    'Upstream-Name: Coord Tray',
    'Upstream-Contact: the authors of Coord Tray',
    'Source: the repository of Coord Tray',
    '',
    'Files: *',
    'Copyright: 2026 the authors of Coord Tray',
    'License: coord-tray',
    '',
    `Files: usr/lib/${PACKAGE}/*`,
    'Copyright: Electron contributors',
    ' 2013-2020 GitHub Inc.',
    ' The Chromium Authors',
    'License: Expat',
    'Comment: Electron. What Chromium is made of, with each licence, stands in',
    ` /usr/lib/${PACKAGE}/LICENSES.chromium.html.`,
    '',
    `Files: usr/lib/${PACKAGE}/resources/*`,
    ['Copyright: 2026 the authors of Coord Tray', ...owners].join('\n '),
    `License: ${['coord-tray', ...kinds.map(nameOf)].join(' and ')}`,
    'Comment: bundled from our own sources and from these packages; which licence',
    ` is whose stands in /usr/lib/${PACKAGE}/THIRD-PARTY-NOTICES.txt.`,
    ...packages.map(({ name, version }) => `  ${name} ${version}`),
    '',
    'License: coord-tray',
    ' All rights reserved. No licence is given with this copy: what may be done with',
    ' it is agreed with its authors.',
    ...kinds.flatMap((kind) => [
      '',
      `License: ${nameOf(kind)}`,
      indented(bodyOf(packages.find(({ license }) => license === kind))),
    ]),
    '',
  ].join('\n')
}
