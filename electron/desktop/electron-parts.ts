/** What of Electron the desktop uses, and no more: the real module in `main.ts`, doubles in the tests. */
import type {
  App,
  BaseWindow,
  BaseWindowConstructorOptions,
  BrowserWindow,
  BrowserWindowConstructorOptions,
  CommandLine,
  CrashReporter,
  Dialog,
  Dock,
  IpcMain,
  Menu,
  MenuItemConstructorOptions,
  NativeImage,
  NativeTheme,
  Notification,
  NotificationConstructorOptions,
  PowerMonitor,
  Protocol,
  Screen,
  Session,
  Shell,
  Tray,
  WebContents,
} from 'electron'

export type WindowContents = Pick<
  WebContents,
  'on' | 'send' | 'isLoadingMainFrame' | 'setWindowOpenHandler' | 'mainFrame'
>

export type WindowPart = Pick<
  BrowserWindow,
  | 'on'
  | 'once'
  | 'show'
  | 'hide'
  | 'focus'
  | 'minimize'
  | 'restore'
  | 'destroy'
  | 'loadURL'
  | 'isDestroyed'
  | 'isVisible'
  | 'isMinimized'
  | 'isMaximized'
  | 'maximize'
  | 'isFocused'
  | 'getNormalBounds'
  | 'setBounds'
> & { readonly webContents: WindowContents }

export type TrayPart = Pick<
  Tray,
  'setImage' | 'setTitle' | 'setToolTip' | 'setContextMenu' | 'setIgnoreDoubleClickEvents' | 'on' | 'destroy'
>

export type NotificationPart = Pick<Notification, 'show' | 'close' | 'on'>

export type SessionPart = Pick<
  Session,
  | 'setPermissionRequestHandler'
  | 'setPermissionCheckHandler'
  | 'setDevicePermissionHandler'
  | 'setSpellCheckerDictionaryDownloadURL'
  | 'on'
> & {
  readonly webRequest: Pick<Session['webRequest'], 'onBeforeRequest'>
  readonly protocol: Pick<Protocol, 'handle'>
}

export type AppPart = Pick<
  App,
  | 'on'
  | 'quit'
  | 'exit'
  | 'getPath'
  | 'setPath'
  | 'isPackaged'
  | 'enableSandbox'
  | 'disableHardwareAcceleration'
  | 'setAppUserModelId'
  | 'setToastActivatorCLSID'
  | 'requestSingleInstanceLock'
  | 'whenReady'
  | 'getLoginItemSettings'
  | 'setLoginItemSettings'
> & {
  readonly commandLine: Pick<CommandLine, 'appendSwitch' | 'getSwitchValue'>
  readonly dock: Pick<Dock, 'hide'> | undefined
}

export interface ElectronParts {
  readonly app: AppPart
  readonly BaseWindow: new (options?: BaseWindowConstructorOptions) => Pick<BaseWindow, 'on'>
  readonly BrowserWindow: new (options?: BrowserWindowConstructorOptions) => WindowPart
  readonly crashReporter: Pick<CrashReporter, 'start'>
  readonly dialog: Pick<Dialog, 'showErrorBox' | 'showOpenDialog'>
  readonly ipcMain: Pick<IpcMain, 'handle' | 'removeHandler'>
  readonly Menu: {
    buildFromTemplate(template: MenuItemConstructorOptions[]): Menu
    setApplicationMenu(menu: Menu | null): void
  }
  readonly nativeImage: { createFromPath(path: string): NativeImage }
  readonly nativeTheme: Pick<NativeTheme, 'on' | 'shouldUseDarkColors'>
  readonly Notification: (new (options?: NotificationConstructorOptions) => NotificationPart) &
    Pick<typeof Notification, 'isSupported' | 'handleActivation'>
  readonly powerMonitor: Pick<PowerMonitor, 'on' | 'isOnBatteryPower'>
  readonly protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>
  readonly screen: Pick<Screen, 'on' | 'getAllDisplays'>
  readonly session: { fromPartition(partition: string): SessionPart; readonly defaultSession: SessionPart }
  readonly shell: Pick<Shell, 'openPath' | 'showItemInFolder'>
  readonly Tray: new (image: NativeImage | string) => TrayPart
}

/** The system that the app runs on; the tests name others. */
export interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stderr: { write(text: string): unknown }
  /** Errors that nobody caught. */
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (cause: unknown) => void): unknown
}
