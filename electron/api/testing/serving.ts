/** A server in the test's own process, where the test needs what only its options give: a clock, a door, a log. */
import { serveApi, type ServeOptions, type Serving } from '../serve.ts'

/** On a free port of 127.0.0.1, unless `options` say otherwise. Throws where it cannot serve. */
export async function serveHere(
  options: Partial<ServeOptions> & Pick<ServeOptions, 'database'>,
): Promise<Serving> {
  const served = await serveApi({ host: '127.0.0.1', port: 0, instance: 'i', ...options })
  if (!served.ok) throw new Error(served.error.message)
  return served.value
}
