/** What the preload gives to the page. It stands beside the desktop's tests, since it is loaded with a double of Electron. */
import { expect, it, vi } from 'vitest'
import type { Emitter } from './testing/fake-electron.ts'

const bridge = vi.hoisted(() => ({
  exposed: [] as [string, Record<string, (...args: unknown[]) => unknown>][],
  ipc: undefined as unknown as Emitter & { asked: unknown[][]; removed: unknown[][] },
}))
vi.mock('electron', async () => {
  const { Emitter: Base } = await import('./testing/fake-electron.ts')
  bridge.ipc = Object.assign(new Base(), { asked: [] as unknown[][], removed: [] as unknown[][] })
  return {
    contextBridge: {
      exposeInMainWorld: (name: string, api: Record<string, (...args: unknown[]) => unknown>) =>
        bridge.exposed.push([name, api]),
    },
    ipcRenderer: Object.assign(bridge.ipc, {
      invoke: (...args: unknown[]) => Promise.resolve(bridge.ipc.asked.push(args)),
      removeListener: (...args: unknown[]) => bridge.ipc.removed.push(args),
    }),
  }
})
await import('../preload.ts')

it('exposes two functions and nothing of Electron', async () => {
  expect(bridge.exposed.map(([name, api]) => [name, Object.keys(api)])).toEqual([
    ['coord', ['invoke', 'onSnapshot']],
  ])
  const api = bridge.exposed[0]![1]
  await api['invoke']!('queue.flush', null, 'more')
  expect(bridge.ipc.asked).toEqual([['app:command', 'queue.flush', null]])
  const heard: unknown[][] = []
  const stop = api['onSnapshot']!((...args: unknown[]) => heard.push(args)) as () => unknown
  bridge.ipc.emit('app:snapshot', { sender: 'an event of Electron' }, { revision: 1 })
  // The event, which would lead to the sender, does not come through.
  expect(heard).toEqual([[{ revision: 1 }]])
  expect(stop()).toBeUndefined()
  expect(bridge.ipc.removed).toHaveLength(1)
})
