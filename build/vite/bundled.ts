/** Notes which packages a bundle is made of, by its own list of modules: what the notices and the SBOM are made from. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

export const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The folder of the package that a module belongs to, from the project's folder; null: a module of ours, or a made one. */
function packageFolder(id: string): string | null {
  const file = (id.replace(/^\0/, '').split('?')[0] ?? '').replaceAll('\\', '/')
  const root = at('.').replaceAll('\\', '/')
  if (!file.startsWith(root) || !file.includes('/node_modules/')) return null
  for (let dir = dirname(file); dir.startsWith(root); dir = dirname(dir)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
        readonly name?: string
        readonly version?: string
      }
      // some packages carry a package.json in their folders, with nothing but the kind of modules in it
      if (name !== undefined && version !== undefined) return dir.slice(root.length).replace(/^\//, '')
    } catch {
      // not here; go on upward
    }
  }
  return null
}

/** Writes `bundled.json` beside the bundle, a list of folders; build.mjs takes it from there. */
export const noteBundled = (): Plugin => ({
  name: 'note-bundled',
  generateBundle(_options, bundle) {
    const folders = new Set<string>()
    for (const chunk of Object.values(bundle))
      if (chunk.type === 'chunk')
        for (const id of Object.keys(chunk.modules)) {
          const folder = packageFolder(id)
          if (folder !== null) folders.add(folder)
        }
    this.emitFile({ type: 'asset', fileName: 'bundled.json', source: JSON.stringify([...folders].sort()) })
  },
})
