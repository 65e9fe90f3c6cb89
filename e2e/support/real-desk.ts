/** Real desktops from Debian's packages, each on a display, a bus and a runtime folder of its own. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { dirname, join } from 'node:path'
import { connectSessionBus, type SessionBus } from '../../electron/desktop/bus/session-bus.ts'
import { ROOT, tempDir, until } from './desktop.ts'

type Env = Readonly<Record<string, string>>

/** What one desktop is made of; each step gets the environment of the desktop. */
export interface DeskKind {
  readonly name: string
  /** All of these must be there: path of a program, or of a file. */
  readonly needs: readonly string[]
  readonly packages: readonly string[]
  readonly isWayland: boolean
  readonly env: Env
  /** A bus that starts services, as a real session's does. */
  readonly busConfig?: string
  /** The compositor or window manager, and who shows notifications. */
  start(desk: RealDesk): Promise<void>
  /** The panel. */
  startHost(desk: RealDesk): Promise<void>
  /** Titles of what is on the screen, or a blank one for each where the server does not say. */
  toasts(desk: RealDesk): Promise<readonly string[]>
  /** Chooses the default action of the newest one. */
  clickToast(desk: RealDesk): Promise<void>
  takePicture(desk: RealDesk, file: string): Promise<void>
}

interface MenuNode {
  readonly id: number
  readonly label: string
  readonly children: readonly MenuNode[]
}
/** A dictionary as the bus gives it, read as an object. */
const asObject = (pairs: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(pairs as [string, unknown][])
const asNode = (raw: unknown): MenuNode => {
  const [id, properties, children] = raw as [number, unknown, unknown[]]
  const { label = '' } = asObject(properties) as { label?: string }
  return { id, label: label.replace(/_(?!_)/, ''), children: children.map(asNode) }
}
const flat = (node: MenuNode): readonly MenuNode[] => [node, ...node.children.flatMap(flat)]

export class RealDesk {
  readonly kind: DeskKind
  readonly folder = tempDir('desk')
  /** Grows as the desktop comes up: DISPLAY, WAYLAND_DISPLAY. */
  env: Record<string, string> = {}
  readonly pictures = join(ROOT, 'out/pictures')
  private readonly children: ChildProcess[] = []
  private bus: SessionBus | null = null
  /** The item of the app. */
  private item = ''

  private constructor(kind: DeskKind) {
    this.kind = kind
  }
  static async start(kind: DeskKind): Promise<RealDesk> {
    const desk = new RealDesk(kind)
    const run = join(desk.folder.path, 'run')
    mkdirSync(run, { mode: 0o700 })
    desk.env = {
      HOME: desk.folder.path,
      XDG_RUNTIME_DIR: run,
      XDG_CONFIG_HOME: join(desk.folder.path, 'config'),
      XDG_DATA_HOME: join(desk.folder.path, 'data'),
      XDG_CACHE_HOME: join(desk.folder.path, 'cache'),
      DISPLAY: '',
      WAYLAND_DISPLAY: '',
      LIBGL_ALWAYS_SOFTWARE: '1',
      NO_AT_BRIDGE: '1',
      ...kind.env,
    }
    desk.env['DBUS_SESSION_BUS_ADDRESS'] = await desk.startBus(kind.busConfig)
    desk.bus = await connectSessionBus(desk.env)
    if (!kind.isWayland) desk.env['DISPLAY'] = await desk.startX()
    await kind.start(desk)
    return desk
  }
  spawn(command: string, ...args: readonly string[]): ChildProcess {
    const child = spawn(command, args, {
      env: { ...process.env, ...this.env },
      stdio: process.env['COORD_E2E_VERBOSE'] ? ['ignore', 'inherit', 'inherit'] : 'ignore',
    })
    this.children.push(child)
    return child
  }
  /** What a small program says; empty where it fails. */
  ask(command: string, ...args: readonly string[]): string {
    const { stdout } = spawnSync(command, args, {
      env: { ...process.env, ...this.env },
      encoding: 'utf8',
      timeout: 5_000,
    })
    return stdout ?? ''
  }
  file(name: string, text: string): string {
    const path = join(this.folder.path, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }
  async startBus(config = join(ROOT, 'e2e/support/bus.conf')): Promise<string> {
    const child = spawn('dbus-daemon', ['--nofork', '--print-address', `--config-file=${config}`], {
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.children.push(child)
    return new Promise((done) => createInterface({ input: child.stdout }).once('line', done))
  }
  private async startX(): Promise<string> {
    const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1000x600x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    this.children.push(child)
    const pipe = child.stdio[3]
    return new Promise((done) => pipe?.once('data', (bytes: Buffer) => done(`:${String(bytes).trim()}`)))
  }
  call(destination: string, path: string, member: string, signature: string, ...body: readonly unknown[]) {
    const at = member.lastIndexOf('.')
    return (this.bus as SessionBus).call({
      destination,
      path,
      interface: member.slice(0, at),
      member: member.slice(at + 1),
      signature,
      body,
    })
  }

  private async property(destination: string, path: string, name: string, property: string) {
    const answer = await this.call(
      destination,
      path,
      'org.freedesktop.DBus.Properties.Get',
      'ss',
      name,
      property,
    )
    return answer?.[0]
  }
  async registeredItems(): Promise<readonly string[]> {
    const items = await this.property(
      'org.kde.StatusNotifierWatcher',
      '/StatusNotifierWatcher',
      'org.kde.StatusNotifierWatcher',
      'RegisteredStatusNotifierItems',
    )
    return Array.isArray(items) ? (items as string[]) : []
  }
  /** The host knows an item, and the app's own is there. */
  async registered(pid: number | undefined): Promise<void> {
    this.item = `org.kde.StatusNotifierItem-${pid}-1`
    await until('the tray item', async () => (await this.registeredItems()).length > 0, 20_000)
    await until('the tooltip', async () => (await this.tooltip()).startsWith('Coord Tray'), 5_000)
  }
  private ofItem(property: string): Promise<unknown> {
    return this.property(this.item, '/StatusNotifierItem', 'org.kde.StatusNotifierItem', property)
  }
  async tooltip(): Promise<string> {
    const tip = (await this.ofItem('ToolTip')) as readonly unknown[] | undefined
    return (tip ?? []).slice(2).filter(Boolean).join(' ')
  }
  private async menu(): Promise<{ readonly path: string; readonly nodes: readonly MenuNode[] }> {
    const path = (await this.ofItem('Menu')) as string
    const layout = await this.call(this.item, path, 'com.canonical.dbusmenu.GetLayout', 'iias', 0, -1, [])
    return { path, nodes: layout === null ? [] : flat(asNode(layout[1])) }
  }
  async labels(): Promise<readonly string[]> {
    return (await this.menu()).nodes.map(({ label }) => label).filter(Boolean)
  }
  async click(label: string): Promise<void> {
    const { path, nodes } = await this.menu()
    const node = nodes.find((one) => one.label === label)
    if (node === undefined)
      throw new Error(`no menu item "${label}"; there are: ${(await this.labels()).join(' | ')}`)
    const data = { type: 's', value: '' }
    await this.call(this.item, path, 'com.canonical.dbusmenu.Event', 'isvu', node.id, 'clicked', data, 0)
  }
  /** As a person sees it: out/pictures/NAME-WHAT.png, 64 colours. */
  async takePicture(what: string): Promise<void> {
    mkdirSync(this.pictures, { recursive: true })
    const file = join(this.pictures, `${this.kind.name}-${what}.png`)
    await this.kind.takePicture(this, file)
    execFileSync('convert', [file, '-strip', '-colors', '64', '-define', 'png:compression-level=9', file])
  }
  async stop(): Promise<void> {
    this.bus?.close()
    for (const child of this.children.reverse()) child.kill()
    await new Promise((done) => setTimeout(done, 500))
    for (const child of this.children) if (child.exitCode === null) child.kill('SIGKILL')
    this.folder.remove()
  }
}

type Parts = Pick<DeskKind, 'name' | 'needs' | 'packages'> & {
  /** Why its story does not end the same way each time; it is told as left out then. */
  readonly unsteady?: string
}
/** `npm run test:all` installs by the same list (build/scripts/lib/desks.mjs). */
function partsOf(name: string): Parts {
  const all = JSON.parse(readFileSync(join(ROOT, 'e2e/support/desks.json'), 'utf8')) as readonly Parts[]
  const found = all.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no desktop "${name}"`)
  return found
}

const onPath = (program: string): boolean =>
  program.startsWith('/')
    ? existsSync(program)
    : (process.env['PATH'] ?? '').split(':').some((dir) => existsSync(join(dir, program)))
/** What is not on this machine; empty: this desktop can be had. */
export const missingOf = (kind: DeskKind): readonly string[] => kind.needs.filter((need) => !onPath(need))

const grim = async (desk: RealDesk, file: string): Promise<void> => void desk.ask('grim', file)
const importX = async (desk: RealDesk, file: string): Promise<void> =>
  void desk.ask('import', '-window', 'root', file)
const SESSION_BUS = '/usr/share/dbus-1/session.conf'

/** waybar knows only the newer form of tray items; mako shows the notifications. */
const sway: DeskKind = {
  ...partsOf('sway-waybar-mako'),
  isWayland: true,
  env: {
    XDG_CURRENT_DESKTOP: 'sway',
    XDG_SESSION_TYPE: 'wayland',
    WLR_BACKENDS: 'headless',
    WLR_RENDERER: 'pixman',
    WLR_LIBINPUT_NO_DEVICES: '1',
  },
  async start(desk) {
    const config = desk.file(
      'sway.conf',
      'output HEADLESS-1 resolution 1000x600\noutput * bg #335577 solid_color\nfor_window [app_id=".*"] floating enable\n',
    )
    desk.spawn('sway', '-c', config)
    const run = desk.env['XDG_RUNTIME_DIR'] ?? ''
    desk.env['WAYLAND_DISPLAY'] = await until('sway', () =>
      readdirSync(run).find((name) => /^wayland-\d+$/.test(name)),
    )
    desk.spawn('mako')
    await until('mako', () => desk.ask('makoctl', 'list').includes('data'))
  },
  async startHost(desk) {
    desk.spawn(
      'waybar',
      '-c',
      desk.file(
        'waybar.json',
        '{"position":"top","height":30,"modules-left":["sway/window"],"modules-right":["tray","clock"],"tray":{"icon-size":22,"spacing":8}}',
      ),
    )
  },
  async toasts(desk) {
    const { data } = JSON.parse(desk.ask('makoctl', 'list') || '{"data":[]}') as {
      data: { summary: { data: string } }[][]
    }
    return data.flat().map(({ summary }) => summary.data)
  },
  clickToast: async (desk) => void desk.ask('makoctl', 'invoke'),
  takePicture: grim,
}

/** Shows the notifications of the X11 desktops that have no server of their own. */
const withDunst = {
  async toasts(desk: RealDesk): Promise<readonly string[]> {
    return Array<string>(Number(desk.ask('dunstctl', 'count', 'displayed')) || 0).fill('')
  },
  clickToast: async (desk: RealDesk): Promise<void> => void desk.ask('dunstctl', 'action', '0'),
}

const lxqt: DeskKind = {
  ...partsOf('lxqt-openbox-dunst'),
  isWayland: false,
  env: { XDG_CURRENT_DESKTOP: 'LXQt' },
  async start(desk) {
    desk.spawn('openbox')
    desk.spawn('dunst')
    await until('dunst', () => /^\d+/.test(desk.ask('dunstctl', 'count', 'displayed')))
  },
  async startHost(desk) {
    desk.file(
      'config/lxqt/panel.conf',
      'panels=panel1\n[panel1]\nplugins=taskbar,statusnotifier\nposition=Bottom\npanelSize=32\niconSize=22\n[taskbar]\ntype=taskbar\n[statusnotifier]\ntype=statusnotifier\n',
    )
    desk.spawn('lxqt-panel')
  },
  ...withDunst,
  takePicture: importX,
}

const NOTIFYD = '/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd'
const notifydWindows = (desk: RealDesk): readonly string[] =>
  desk.ask('xdotool', 'search', '--onlyvisible', '--class', 'xfce4-notifyd').split('\n').filter(Boolean)
const xfce: DeskKind = {
  ...partsOf('xfce-notifyd'),
  isWayland: false,
  env: { XDG_CURRENT_DESKTOP: 'XFCE' },
  busConfig: SESSION_BUS,
  async start(desk) {
    desk.spawn('xfwm4')
    desk.spawn(NOTIFYD)
    await until('the notification server', async () => {
      const bus = 'org.freedesktop.Notifications'
      return desk.call(bus, '/org/freedesktop/Notifications', `${bus}.GetServerInformation`, '')
    })
  },
  async startHost(desk) {
    const property = (name: string, type: string, value: string): string =>
      `<property name="${name}" type="${type}" value="${value}"/>`
    desk.file(
      'config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml',
      `<?xml version="1.0" encoding="UTF-8"?><channel name="xfce4-panel" version="1.0">${property('configver', 'int', '2')}
<property name="panels" type="array"><value type="int" value="1"/><property name="panel-1" type="empty">
${property('position', 'string', 'p=8;x=500;y=585')}${property('length', 'uint', '100')}${property('position-locked', 'bool', 'true')}${property('size', 'uint', '30')}
<property name="plugin-ids" type="array"><value type="int" value="1"/><value type="int" value="2"/><value type="int" value="3"/></property></property></property>
<property name="plugins" type="empty">${property('plugin-1', 'string', 'tasklist')}${property('plugin-2', 'string', 'systray')}${property('plugin-3', 'string', 'clock')}</property></channel>`,
    )
    desk.spawn('xfce4-panel', '--disable-wm-check')
  },
  toasts: async (desk) => notifydWindows(desk).map(() => ''),
  async clickToast(desk) {
    const [window = ''] = notifydWindows(desk)
    const place = desk.ask('xdotool', 'getwindowgeometry', '--shell', window)
    const at = (key: string): number => Number(new RegExp(`^${key}=(-?\\d+)`, 'm').exec(place)?.[1] ?? 0)
    // The button at the lower right: this server takes no click on the text.
    const button = [at('X') + at('WIDTH') - 57, at('Y') + at('HEIGHT') - 31].map(String)
    desk.ask('xdotool', 'mousemove', ...button, 'sleep', '0.3', 'click', '1')
  },
  takePicture: importX,
}

async function evaluate(desk: RealDesk, code: string): Promise<unknown> {
  const answer = await desk.call('org.gnome.Shell', '/org/gnome/Shell', 'org.gnome.Shell.Eval', 's', code)
  return answer?.[0] === true && answer[1] !== '' ? JSON.parse(String(answer[1])) : undefined
}
const EXTENSION = 'ubuntu-appindicators@ubuntu.com'
/** The shell has notifications of its own. */
const NEWEST =
  "Main.messageTray.getSources().flatMap((s) => s.notifications).filter((n) => n.title.includes('OTHER/'))"
const gnome: DeskKind = {
  ...partsOf('gnome-shell'),
  isWayland: true,
  env: { XDG_CURRENT_DESKTOP: 'GNOME', XDG_SESSION_TYPE: 'wayland', GSETTINGS_BACKEND: 'keyfile' },
  busConfig: SESSION_BUS,
  async start(desk) {
    // A bus of the system, with nobody on it: without one the shell does not start.
    desk.env['DBUS_SYSTEM_BUS_ADDRESS'] = await desk.startBus()
    desk.ask('gsettings', 'set', 'org.gnome.shell', 'welcome-dialog-last-shown-version', '999')
    desk.ask('gsettings', 'set', 'org.gnome.desktop.interface', 'enable-animations', 'false')
    desk.spawn(
      'gnome-shell',
      ...['--headless', '--wayland', '--no-x11', '--virtual-monitor', '1000x600', '--unsafe-mode'],
    )
    await until('GNOME Shell', async () => (await evaluate(desk, '1')) === 1, 40_000)
    await evaluate(desk, 'Main.overview.hide(); 1')
    // Else the bus starts the first server for notifications that it finds installed.
    desk.spawn('gjs', '/usr/share/gnome-shell/org.gnome.Shell.Notifications')
    const run = desk.env['XDG_RUNTIME_DIR'] ?? ''
    desk.env['WAYLAND_DISPLAY'] = readdirSync(run).find((name) => /^wayland-\d+$/.test(name)) ?? ''
  },
  async startHost(desk) {
    desk.ask('gsettings', 'set', 'org.gnome.shell', 'enabled-extensions', `['${EXTENSION}']`)
    // What the shell says of itself would stand before what is looked at.
    await evaluate(desk, 'Main.messageTray.getSources().forEach((s) => s.destroy()); Main.overview.hide(); 1')
  },
  toasts: async (desk) =>
    ((await evaluate(desk, `${NEWEST}.map((n) => n.title)`)) ?? []) as readonly string[],
  clickToast: async (desk) => void (await evaluate(desk, `${NEWEST}.at(-1).activate(); 1`)),
  async takePicture(desk, file) {
    const name = 'org.gnome.Shell.Screenshot'
    rmSync(file, { force: true })
    await desk.call(name, '/org/gnome/Shell/Screenshot', `${name}.Screenshot`, 'bbs', false, false, file)
  },
}

export const desks: readonly DeskKind[] = [sway, lxqt, xfce, gnome].filter(
  (kind: DeskKind & Parts) => kind.unsteady === undefined || process.env['COORD_UNSTEADY'] === '1',
)
