// A workstation's connection to the events of the API.
import { request } from 'node:http'

/** Listens as a workstation does; told of each event's name and data. */
export function listen(url, machine, onEvent) {
  const req = request(`${url}/api/coord/events?for_machine=${machine}`, { agent: false }, (res) => {
    let text = ''
    res.setEncoding('utf8').on('data', (part) => {
      text += part
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, name] = /^event: (.*)$/m.exec(block) ?? []
        const [, data] = /^data: (.*)$/m.exec(block) ?? []
        if (name) onEvent(name, JSON.parse(data ?? '{}'))
      }
    })
  })
  req.on('error', () => {})
  req.end()
  return () => req.destroy()
}
