/** Doubles of the parts of Electron that the desktop uses, typed against the pinned version: for the systems and moments that one Linux machine cannot reach. */
import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'
import type {
  ActivationArguments,
  BaseWindowConstructorOptions,
  BrowserWindowConstructorOptions,
  CustomScheme,
  Display,
  Menu as ElectronMenu,
  MenuItemConstructorOptions,
  NativeImage,
  NotificationConstructorOptions,
  Rectangle,
  Session,
} from 'electron'
import type {
  AppPart,
  ElectronParts,
  NotificationPart,
  SessionPart,
  TrayPart,
  WindowContents,
  WindowPart,
} from '../electron-parts.ts'

/** Electron's emitters as far as the desktop knows them; `emit` is the test's. */
export class Emitter {
  readonly listeners = new EventEmitter()
  on(event: string, listener: (...args: never[]) => void): never {
    this.listeners.on(event, listener as (...args: unknown[]) => void)
    return this as never
  }
  once(event: string, listener: (...args: never[]) => void): never {
    this.listeners.once(event, listener as (...args: unknown[]) => void)
    return this as never
  }
  emit(event: string, ...args: readonly unknown[]): boolean {
    return this.listeners.emit(event, ...args)
  }
}

/** An event as Electron hands it to a listener. */
export class FakeEvent {
  defaultPrevented = false
  preventDefault(): void {
    this.defaultPrevented = true
  }
}

class FakeContents extends Emitter implements Pick<WindowContents, 'send' | 'isLoadingMainFrame'> {
  readonly mainFrame = { url: 'app://window/index.html' } as WindowContents['mainFrame']
  readonly sent: unknown[][] = []
  windowOpenHandler: Parameters<WindowContents['setWindowOpenHandler']>[0] | undefined
  send(...message: unknown[]): void {
    this.sent.push(message)
  }
  isLoadingMainFrame(): boolean {
    return false
  }
  setWindowOpenHandler(handler: NonNullable<FakeContents['windowOpenHandler']>): void {
    this.windowOpenHandler = handler
  }
}

export class FakeWindow extends Emitter {
  readonly webContents = new FakeContents() satisfies WindowContents
  readonly options: BrowserWindowConstructorOptions
  bounds: Rectangle
  url = ''
  state = {
    ...{ isVisible: false, isMinimized: false, isMaximized: false, isFocused: false, isDestroyed: false },
  }
  constructor(options: BrowserWindowConstructorOptions = {}) {
    super()
    this.options = options
    const { x = 100, y = 100, width = 0, height = 0 } = options
    this.bounds = { x, y, width, height }
  }
  change(change: Partial<FakeWindow['state']>, event: string): void {
    this.state = { ...this.state, ...change }
    this.emit(event)
  }
  show(): void {
    this.change({ isVisible: true }, 'show')
  }
  hide(): void {
    this.change({ isVisible: false, isFocused: false }, 'hide')
  }
  focus(): void {
    this.change({ isFocused: true }, 'focus')
  }
  minimize(): void {
    this.change({ isMinimized: true }, 'minimize')
  }
  isMaximized = (): boolean => this.state.isMaximized
  maximize(): void {
    this.change({ isMaximized: true }, 'maximize')
  }
  restore(): void {
    this.change({ isMinimized: false }, 'restore')
  }
  destroy(): void {
    this.change({ isDestroyed: true, isVisible: false }, 'closed')
  }
  /** The person's own click on the cross. */
  close(): FakeEvent {
    const event = new FakeEvent()
    this.emit('close', event)
    if (!event.defaultPrevented) this.destroy()
    return event
  }
  loadURL(url: string): Promise<void> {
    this.url = url
    return Promise.resolve()
  }
  isDestroyed = (): boolean => this.state.isDestroyed
  isVisible = (): boolean => this.state.isVisible
  isMinimized = (): boolean => this.state.isMinimized
  isFocused = (): boolean => this.state.isFocused
  getNormalBounds = (): Rectangle => this.bounds
  setBounds(bounds: Partial<Rectangle>): void {
    this.bounds = { ...this.bounds, ...bounds }
  }
}

export class FakeTray extends Emitter {
  image: NativeImage | string
  tooltip = ''
  menu: MenuItemConstructorOptions[] = []
  isDoubleClickIgnored = false
  isDestroyed = false
  constructor(image: NativeImage | string) {
    super()
    this.image = image
  }
  setImage(image: NativeImage | string): void {
    this.image = image
  }
  title = ''
  setTitle(title: string): void {
    this.title = title
  }
  setToolTip(text: string): void {
    this.tooltip = text
  }
  setContextMenu(menu: ElectronMenu | null): void {
    this.menu = (menu as unknown as { template: MenuItemConstructorOptions[] }).template
  }
  setIgnoreDoubleClickEvents(ignore: boolean): void {
    this.isDoubleClickIgnored = ignore
  }
  destroy(): void {
    this.isDestroyed = true
  }
}

export class FakeNotification extends Emitter {
  readonly options: NotificationConstructorOptions
  isShown = false
  constructor(options: NotificationConstructorOptions = {}) {
    super()
    this.options = options
  }
  show(): void {
    this.isShown = true
  }
  close(): void {
    this.emit('close')
  }
}

/** What a session was told: the answers that the window will get. */
class FakeSession extends Emitter {
  readonly scheme: string[] = []
  handlers: {
    request?: Parameters<SessionPart['setPermissionRequestHandler']>[0]
    check?: Parameters<SessionPart['setPermissionCheckHandler']>[0]
    device?: Parameters<SessionPart['setDevicePermissionHandler']>[0]
  } = {}
  dictionary = ''
  beforeRequest: ((details: never, answer: (r: { cancel?: boolean }) => void) => void) | undefined
  setPermissionRequestHandler(handler: Parameters<Session['setPermissionRequestHandler']>[0]): void {
    this.handlers.request = handler
  }
  setPermissionCheckHandler(handler: Parameters<Session['setPermissionCheckHandler']>[0]): void {
    this.handlers.check = handler
  }
  setDevicePermissionHandler(handler: Parameters<Session['setDevicePermissionHandler']>[0]): void {
    this.handlers.device = handler
  }
  setSpellCheckerDictionaryDownloadURL(url: string): void {
    this.dictionary = url
  }
  readonly webRequest = {
    onBeforeRequest: (...args: readonly unknown[]): void => {
      this.beforeRequest = args.at(-1) as NonNullable<FakeSession['beforeRequest']>
    },
  }
  readonly protocol = { handle: (scheme: string): void => void this.scheme.push(scheme) }
}

/** A new Electron, never started; `calls` is what it was asked, in order. */
export function createFakeElectron(userData: string) {
  const calls: string[] = []
  const say =
    (name: string) =>
    (...args: readonly unknown[]): void =>
      void calls.push(args.length === 0 ? name : `${name} ${JSON.stringify(args).slice(1, -1)}`)
  const seen = {
    windows: [] as FakeWindow[],
    /** Windows without a page. */
    bare: [] as (Emitter & { readonly options: BaseWindowConstructorOptions })[],
    trays: [] as FakeTray[],
    notifications: [] as FakeNotification[],
    activation: undefined as ((details: ActivationArguments) => void) | undefined,
    schemes: [] as CustomScheme[],
    ipc: new Map<string, (event: never, ...args: never[]) => unknown>(),
    switches: new Map<string, string>(),
    displays: [{ x: 0, y: 0, width: 1920, height: 1040 }] as Rectangle[],
    isOnBattery: false,
    isNotifying: true,
    hasInstanceLock: true,
    openPathAnswer: '',
    /** The folder that a person picks; null: none. */
    picked: null as string | null,
  }

  class App extends Emitter {
    isPackaged = true
    quit(): void {
      calls.push('quit')
      const event = new FakeEvent()
      this.emit('before-quit', event)
      if (!event.defaultPrevented) calls.push('gone')
    }
    exit = say('exit')
    /** As the system has it. */
    loginItem: { openAtLogin: boolean; wasOpenedAtLogin: boolean } = {
      openAtLogin: false,
      wasOpenedAtLogin: false,
    }
    getLoginItemSettings = () => this.loginItem as Electron.LoginItemSettings
    setLoginItemSettings = (settings: Electron.Settings) =>
      void (this.loginItem = { ...this.loginItem, openAtLogin: settings.openAtLogin ?? false })
    readonly paths = new Map([
      ['userData', userData],
      ['temp', tmpdir()],
    ])
    getPath = (name: string): string => this.paths.get(name) ?? `/${name}`
    setPath = (name: string, path: string): void => void this.paths.set(name, path)
    enableSandbox = say('enableSandbox')
    disableHardwareAcceleration = say('disableHardwareAcceleration')
    setAppUserModelId = say('setAppUserModelId')
    setToastActivatorCLSID = say('setToastActivatorCLSID')
    requestSingleInstanceLock(data?: Record<never, never>): boolean {
      say('requestSingleInstanceLock')(data)
      return seen.hasInstanceLock
    }
    whenReady(): Promise<void> {
      calls.push('ready')
      return Promise.resolve()
    }
    readonly commandLine = {
      appendSwitch: (name: string, value = ''): void => {
        say('appendSwitch')(name)
        seen.switches.set(name, value)
      },
      getSwitchValue: (name: string): string => seen.switches.get(name) ?? '',
    }
    readonly dock: AppPart['dock'] = { hide: say('dock.hide') }
  }
  const app = new App() satisfies AppPart
  const ui = new FakeSession() satisfies SessionPart
  const defaultSession = new FakeSession() satisfies SessionPart

  const electron = {
    app,
    BaseWindow: class extends Emitter {
      readonly options: BaseWindowConstructorOptions
      constructor(options: BaseWindowConstructorOptions = {}) {
        super()
        this.options = options
        seen.bare.push(this)
      }
    },
    BrowserWindow: class extends FakeWindow {
      constructor(options?: BrowserWindowConstructorOptions) {
        super(options)
        seen.windows.push(this)
        app.emit('web-contents-created', new FakeEvent(), this.webContents)
      }
    } satisfies new (options?: BrowserWindowConstructorOptions) => WindowPart,
    crashReporter: { start: say('crashReporter.start') },
    dialog: {
      showErrorBox: say('showErrorBox'),
      showOpenDialog: () =>
        Promise.resolve({
          canceled: seen.picked === null,
          filePaths: seen.picked === null ? [] : [seen.picked],
        }),
    },
    ipcMain: {
      handle: (channel: string, listener: (event: never, ...args: never[]) => unknown): void =>
        void seen.ipc.set(channel, listener),
      removeHandler: (channel: string): void => void seen.ipc.delete(channel),
    },
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]) =>
        ({ template }) as unknown as ElectronMenu,
      setApplicationMenu: say('setApplicationMenu'),
    },
    nativeImage: {
      createFromPath(path: string): NativeImage {
        const made: { path: string; double?: Buffer } & Pick<NativeImage, 'addRepresentation' | 'toPNG'> = {
          path,
          addRepresentation: ({ buffer }) => void (made.double = buffer as Buffer),
          toPNG: () => Buffer.from(path),
        }
        return made as unknown as NativeImage
      },
    },
    nativeTheme: Object.assign(new Emitter(), { shouldUseDarkColors: false }),
    Notification: class extends FakeNotification {
      constructor(options?: NotificationConstructorOptions) {
        super(options)
        seen.notifications.push(this)
      }
      static isSupported(): boolean {
        calls.push('Notification.isSupported')
        return seen.isNotifying
      }
      static handleActivation(callback: (details: ActivationArguments) => void): void {
        calls.push('Notification.handleActivation')
        seen.activation = callback
      }
    } satisfies new (options?: NotificationConstructorOptions) => NotificationPart,
    powerMonitor: Object.assign(new Emitter(), { isOnBatteryPower: () => seen.isOnBattery }),
    protocol: {
      registerSchemesAsPrivileged: (schemes: CustomScheme[]): void => {
        calls.push('registerSchemesAsPrivileged')
        seen.schemes.push(...schemes)
      },
    },
    screen: Object.assign(new Emitter(), {
      getAllDisplays: () => seen.displays.map((workArea) => ({ workArea }) as Display),
    }),
    session: {
      defaultSession,
      fromPartition: (partition: string) => {
        say('fromPartition')(partition)
        return ui
      },
    },
    shell: {
      openPath: (path: string): Promise<string> => {
        say('openPath')(path)
        return Promise.resolve(seen.openPathAnswer)
      },
      showItemInFolder: say('showItemInFolder'),
    },
    Tray: class extends FakeTray {
      constructor(image: NativeImage | string) {
        super(image)
        seen.trays.push(this)
      }
    } satisfies new (image: NativeImage | string) => TrayPart,
  } satisfies ElectronParts
  return { electron, calls, seen, sessions: [ui, defaultSession] as const }
}

/** The file that a tray picture was made of. */
export const fileOf = (image: NativeImage | string): string =>
  typeof image === 'string' ? image : (image as unknown as { path: string }).path
