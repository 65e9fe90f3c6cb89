/** Builds the window (renderer/) to dist/window; the same bundle serves Electron and the browser. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { at, noteBundled } from './bundled.ts'

export default defineConfig({
  root: at('renderer'),
  base: './',
  plugins: [
    react(),
    noteBundled(),
    // Same-origin files need no CORS, and the app:// scheme offers none.
    { name: 'no-crossorigin', transformIndexHtml: (html) => html.replaceAll(' crossorigin', '') },
  ],
  build: {
    outDir: at('dist/window'),
    emptyOutDir: true,
    target: 'chrome108',
    modulePreload: { polyfill: false },
    sourcemap: false,
    // The CSP allows no data: URL for scripts or styles, and small pictures are few: nothing is inlined.
    assetsInlineLimit: 0,
  },
})
