/** The API as a process of its own: `node electron/api/main.ts --port 0 --database FILE`. */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { serveApi } from './serve.ts'

// The database and its log are this user's alone.
process.umask(0o077)
const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8001' },
    database: { type: 'string', default: 'coord.db' },
    instance: { type: 'string', default: randomUUID() },
    proxy: { type: 'string' },
  },
})
const served = await serveApi({
  host: values.host,
  port: Number(values.port),
  database: values.database,
  databasePassword: process.env.COORD_DATABASE_PASSWORD,
  token: process.env.COORD_TOKEN || undefined,
  proxy: values.proxy,
  instance: values.instance,
  log: (line) => process.stderr.write(`${line}\n`),
})
if (served.ok) {
  process.stdout.write(`${JSON.stringify({ listening: served.value.url })}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void served.value.close())
} else {
  process.stderr.write(`${served.error.message}\n`)
  process.exitCode = 1
}
