#!/usr/bin/env node
// A desktop for tests: plays the notification server and the tray host on the session bus.
//
//   dbus-run-session -- node desktop-double.mjs [--no-tray-host] [--no-notifications] [--no-panel] [--takes-no-item]
//
// Needs the npm package `dbus-next` where it is started (NODE_PATH is not read by ES modules:
// copy the file into the project, or run it from a folder whose node_modules has the package).
// It prints one JSON object a line and reads commands, one a line, on stdin:
//
//   menu                 → {"t":"menu","items":[{id,label,enabled,type,toggle,children}]}
//   click LABEL          → clicks the menu item with that label   → {"t":"clicked","label"}
//   activate             → left click on the tray item            → {"t":"activated"}
//   tray                 → {"t":"tray","title","tooltip","status","icons":[[w,h],…],"picture"}
//   act ID KEY           → the person clicks notification ID (KEY "default" is its body)
//   panel                → the panel comes: a host is registered (after --no-panel)
//   closed ID            → the person dismisses notification ID
//
// and says by itself: ready, registered (a tray item came), gone, notify (all its fields), close.
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import dbus from 'dbus-next'

const { Interface } = dbus.interface
const say = (o) =>
  process.stdout.write(JSON.stringify(o, (_k, v) => (typeof v === 'bigint' ? Number(v) : v)) + '\n')
const bus = dbus.sessionBus()
let item // { name, path } of the newest tray item
let hasPanel = !process.argv.includes('--no-panel')

class Notifications extends Interface {
  constructor() {
    super('org.freedesktop.Notifications')
    this.last = 0
  }
  GetCapabilities() {
    return ['body', 'body-markup', 'actions', 'persistence', 'icon-static']
  }
  GetServerInformation() {
    return ['desktop-double', 'test', '1.0', '1.2']
  }
  Notify(app, replaces, icon, summary, body, actions, hints, timeout) {
    const id = replaces || ++this.last
    const plain = Object.fromEntries(
      Object.entries(hints).map(([k, v]) => [k, /image|icon_data/.test(k) ? '<pixels>' : v.value]),
    )
    say({ t: 'notify', id, app, replaces, icon, summary, body, actions, hints: plain, timeout })
    return id
  }
  CloseNotification(id) {
    say({ t: 'close', id })
    this.NotificationClosed(id, 3)
  }
  NotificationClosed(id, reason) {
    return [id, reason]
  }
  ActionInvoked(id, key) {
    return [id, key]
  }
}
Notifications.configureMembers({
  methods: {
    GetCapabilities: { outSignature: 'as' },
    GetServerInformation: { outSignature: 'ssss' },
    Notify: { inSignature: 'susssasa{sv}i', outSignature: 'u' },
    CloseNotification: { inSignature: 'u' },
  },
  signals: { NotificationClosed: { signature: 'uu' }, ActionInvoked: { signature: 'us' } },
})

class Watcher extends Interface {
  constructor() {
    super('org.kde.StatusNotifierWatcher')
    this.items = []
  }
  get RegisteredStatusNotifierItems() {
    return this.items
  }
  get IsStatusNotifierHostRegistered() {
    return hasPanel
  }
  get ProtocolVersion() {
    return 0
  }
  RegisterStatusNotifierItem(service) {
    if (process.argv.includes('--takes-no-item')) {
      say({ t: 'refused', service })
      throw new dbus.DBusError('org.freedesktop.DBus.Error.Failed', 'about to end')
    }
    // Electron gives a bus name; some toolkits give an object path instead
    item = service.startsWith('/')
      ? { name: undefined, path: service }
      : { name: service, path: '/StatusNotifierItem' }
    this.items.push(service)
    say({ t: 'registered', service })
    this.StatusNotifierItemRegistered(service)
  }
  RegisterStatusNotifierHost() {}
  StatusNotifierItemRegistered(service) {
    return service
  }
  StatusNotifierHostRegistered() {}
}
Watcher.configureMembers({
  properties: {
    RegisteredStatusNotifierItems: { signature: 'as', access: 'read' },
    IsStatusNotifierHostRegistered: { signature: 'b', access: 'read' },
    ProtocolVersion: { signature: 'i', access: 'read' },
  },
  methods: {
    RegisterStatusNotifierItem: { inSignature: 's', outSignature: '' },
    RegisterStatusNotifierHost: { inSignature: 's', outSignature: '' },
  },
  signals: {
    StatusNotifierItemRegistered: { signature: 's' },
    StatusNotifierHostRegistered: { signature: '' },
  },
})

const property = async (path, iface, name) => {
  const reply = await bus.call(
    new dbus.Message({
      destination: item.name,
      path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: [iface, name],
    }),
  )
  return reply.body[0].value
}
const layout = async () => {
  const path = await property(item.path, 'org.kde.StatusNotifierItem', 'Menu')
  const reply = await bus.call(
    new dbus.Message({
      destination: item.name,
      path,
      interface: 'com.canonical.dbusmenu',
      member: 'GetLayout',
      signature: 'iias',
      body: [0, -1, []],
    }),
  )
  const read = ([id, props, children]) => ({
    id,
    label: props.label?.value?.replace(/_(?!_)/, ''),
    type: props.type?.value,
    enabled: props.enabled?.value ?? true,
    visible: props.visible?.value ?? true,
    toggle: props['toggle-state']?.value,
    children: children.map((c) => read(c.value)),
  })
  return { path, root: read(reply.body[1]) }
}
const find = (node, label) =>
  node.label === label ? node : node.children.map((c) => find(c, label)).find(Boolean)

const commands = {
  async menu() {
    say({ t: 'menu', items: (await layout()).root.children })
  },
  async click(label) {
    const { path, root } = await layout()
    const hit = find(root, label)
    if (!hit) return say({ t: 'error', what: `no menu item "${label}"` })
    await bus.call(
      new dbus.Message({
        destination: item.name,
        path,
        interface: 'com.canonical.dbusmenu',
        member: 'Event',
        signature: 'isvu',
        body: [hit.id, 'clicked', new dbus.Variant('s', ''), 0],
      }),
    )
    say({ t: 'clicked', label })
  },
  async activate() {
    await bus.call(
      new dbus.Message({
        destination: item.name,
        path: item.path,
        interface: 'org.kde.StatusNotifierItem',
        member: 'Activate',
        signature: 'ii',
        body: [0, 0],
      }),
    )
    say({ t: 'activated' })
  },
  async tray() {
    const get = (name) => property(item.path, 'org.kde.StatusNotifierItem', name).catch(() => undefined)
    const tip = await get('ToolTip')
    const icons = (await get('IconPixmap')) ?? []
    say({
      t: 'tray',
      id: await get('Id'),
      title: await get('Title'),
      status: await get('Status'),
      tooltip: tip?.slice(2).filter(Boolean).join(' · '),
      icons: icons.map(([w, h]) => [w, h]),
      picture: createHash('sha256')
        .update(icons.length > 0 ? Buffer.from(icons[0][2]) : '')
        .digest('hex'),
    })
  },
  async act(rest) {
    const [id, key] = rest.split(' ')
    notifications.ActionInvoked(Number(id), key ?? 'default')
    notifications.NotificationClosed(Number(id), 2)
  },
  /** As dunst and mako do for their own commands: the toast stays until it is closed. */
  async invoke(rest) {
    notifications.ActionInvoked(Number(rest), 'default')
    say({ t: 'invoked', id: Number(rest) })
  },
  async panel() {
    hasPanel = true
    watcher?.StatusNotifierHostRegistered()
    say({ t: 'panel' })
  },
  async closed(rest) {
    notifications.NotificationClosed(Number(rest), 2)
  },
}

const notifications = new Notifications()
let watcher
if (!process.argv.includes('--no-notifications')) {
  bus.export('/org/freedesktop/Notifications', notifications)
  await bus.requestName('org.freedesktop.Notifications', 0)
}
if (!process.argv.includes('--no-tray-host')) {
  watcher = new Watcher()
  bus.export('/StatusNotifierWatcher', watcher)
  await bus.requestName('org.kde.StatusNotifierWatcher', 0)
}
say({ t: 'ready' })
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, ...rest] = line.trim().split(' ')
    const run = commands[word]
    if (!run) return say({ t: 'error', what: `unknown command "${word}"` })
    run(rest.join(' ')).catch((e) => say({ t: 'error', what: e.message ?? String(e) }))
  })
  .on('close', () => process.exit(0))
