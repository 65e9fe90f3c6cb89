// The RPM, by rpmbuild (Debian's package `rpm` brings it): the same tree as the Debian package.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SYSTEM_LIBRARIES } from '../../../shared/system-libraries.ts'
import { DESCRIPTION, EPOCH_S, MAINTAINER, PACKAGE, SUMMARY, VERSION } from './facts.mjs'
import { fillTree, settle } from './linux-tree.mjs'

const ARCHITECTURES = { x64: 'x86_64', arm64: 'aarch64' }
export const rpmName = () => `${PACKAGE}-${VERSION}-1.${ARCHITECTURES[process.arch]}.rpm`

/** By the libraries' own names, which every distribution's packages provide; package names differ. */
const requirements = () => [...SYSTEM_LIBRARIES.map(({ file }) => `${file}()(64bit)`), 'xdg-utils']

function* entries(dir, prefix = '') {
  for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = `${prefix}/${entry.name}`
    if (!entry.isDirectory()) yield `"${name}"`
    else {
      // folders that are ours alone; the others belong to the system
      if (name.startsWith(`/usr/lib/${PACKAGE}`) || name === `/usr/share/doc/${PACKAGE}`)
        yield `%dir "${name}"`
      yield* entries(join(dir, entry.name), name)
    }
  }
}

const spec = (tree, isQuick) =>
  [
    `Name: ${PACKAGE}`,
    `Version: ${VERSION}`,
    'Release: 1',
    `Summary: ${SUMMARY}`,
    'License: see /usr/share/doc/coord-tray/copyright',
    `Packager: ${MAINTAINER}`,
    'AutoReqProv: no',
    ...requirements().map((name) => `Requires: ${name}`),
    '',
    '%description',
    ...DESCRIPTION,
    '',
    // what is packed is built already: nothing is stripped, checked for debug data, or compressed anew
    '%global __os_install_post %{nil}',
    '%global debug_package %{nil}',
    '%global _build_id_links none',
    `%global _binary_payload ${isQuick ? 'w1.gzdio' : 'w6.xzdio'}`,
    '%global use_source_date_epoch_as_buildtime 1',
    '%global clamp_mtime_to_source_date_epoch 1',
    '%global _buildhost localhost',
    '',
    '%install',
    'mkdir -p %{buildroot}',
    `cp -a "${tree}/." %{buildroot}/`,
    '',
    '%post',
    '# where the kernel gives ordinary users no namespaces, Chromium’s sandbox needs its helper as root',
    `if [ "$(cat /proc/sys/user/max_user_namespaces 2>/dev/null || echo 0)" = 0 ]; then chmod 4755 /usr/lib/${PACKAGE}/chrome-sandbox; fi`,
    '',
    '%files',
    '%defattr(-,root,root,-)',
    ...entries(tree),
    '',
  ].join('\n')

export function makeRpm({ app, bundled, out, work, isQuick }) {
  const tree = join(work, 'rpm')
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(tree, { recursive: true })
  fillTree(tree, { app, bundled })
  // zsh's folder for packages has another name beside Debian
  const vendor = join(tree, 'usr/share/zsh/vendor-completions')
  if (existsSync(vendor)) renameSync(vendor, join(tree, 'usr/share/zsh/site-functions'))
  settle(tree)
  const file = join(work, `${PACKAGE}.spec`)
  writeFileSync(file, spec(tree, isQuick))
  const top = join(work, 'rpmbuild')
  const { status } = spawnSync(
    'rpmbuild',
    [
      '-bb',
      '--quiet',
      '--define',
      `_topdir ${top}`,
      '--define',
      `_rpmdir ${out}`,
      '--define',
      '_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm',
      file,
    ],
    { stdio: ['ignore', 2, 2], env: { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH_S) } },
  )
  if (status !== 0) throw new Error('rpmbuild failed (above)')
  for (const dir of [tree, top]) rmSync(dir, { recursive: true, force: true })
  return join(out, rpmName())
}
