/** A bare root has nothing of the machine that makes it but its way to the registries. */
import { afterEach, expect, it, vi } from 'vitest'

type InsideEnv = (command: string) => Readonly<Record<string, string | undefined>>
const script = new URL('./lib/bare-root.mjs', import.meta.url).href
const { insideEnv } = (await import(script)) as { insideEnv: InsideEnv }

afterEach(() => vi.unstubAllEnvs())

it('keeps the way to the registries, and no folder of the npm that it was started by', () => {
  const kept = { HTTPS_PROXY: 'http://proxy', npm_config_registry: 'http://r', pip_index_url: 'http://p' }
  // as "npm run" sets them where a Node of the project is first on the path: what is installed inside would go there
  const left = {
    npm_config_prefix: '/a',
    npm_config_global_prefix: '/a',
    npm_config_globalconfig: '/a/npmrc',
  }
  for (const [name, value] of Object.entries({ ...kept, ...left, COORD_HOME: '/mine' }))
    vi.stubEnv(name, value)
  const inside = insideEnv('true')
  expect(inside).toMatchObject({ ...kept, COORD_INSIDE: 'true', HOME: '/root' })
  for (const name of [...Object.keys(left), 'COORD_HOME']) expect(inside).not.toHaveProperty(name)
})
