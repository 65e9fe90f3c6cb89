// A server between the app and the API: it notes when each marked message arrives, and can refuse the events.
import { createServer, request } from 'node:http'

/**
 * `arrivals`: when the message "line N" came, by N. `offersEvents`: whether the app gets the events; without them it polls.
 */
export async function startBetween(api) {
  const arrivals = new Map()
  const between = { arrivals, offersEvents: false }
  const server = createServer((incoming, outgoing) => {
    const chunks = []
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', () => {
      const body = Buffer.concat(chunks)
      const mark = incoming.method === 'POST' && /"subject":"line (\d+)"/.exec(String(body))?.[1]
      if (mark) arrivals.set(Number(mark), performance.now())
      if (!between.offersEvents && incoming.url.startsWith('/api/coord/events'))
        return outgoing.writeHead(404).end('{}')
      pass(incoming, body, outgoing, api.url)
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  between.url = `http://127.0.0.1:${server.address().port}`
  between.stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return between
}

/** Hands a call on to the API, and the API's answer back. */
function pass(incoming, body, outgoing, apiUrl) {
  const { hostname, port } = new URL(apiUrl)
  const onward = request(
    {
      hostname,
      port,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, host: `${hostname}:${port}` },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers)
      answer.pipe(outgoing)
    },
  )
  onward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => onward.destroy())
  onward.end(body)
}
