/** The window's entry: bridge, mirror, view. */
import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import { createBridge } from './data/bridge.ts'
import { createWindowStore, followEngine } from './data/store.ts'

const root = document.getElementById('root')
if (root) {
  const bridge = createBridge()
  const store = createWindowStore()
  followEngine(bridge, store)
  createRoot(root).render(<App bridge={bridge} store={store} />)
}
