/* eslint-disable @typescript-eslint/no-explicit-any -- what the server answers is looked at as it comes */
/** The MCP server as a client that is not ours sees it: the SDK's own, over stdio. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPlainServer } from '../api/testing/plain-server.ts'
import { CLI, place, realApi, type Place, type RealApi } from './testing/coord.ts'

let server: Place
let api: RealApi
beforeAll(async () => {
  server = place()
  api = await realApi(server)
})
afterAll(async () => {
  await api.stop()
  server.remove()
})
let at: Place
let client: Client
async function connect(env: Record<string, string> = {}): Promise<void> {
  client = new Client({ name: 'test', version: '1' })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [CLI, 'mcp'],
      cwd: at.project,
      env: { ...at.env, ...env },
      stderr: 'ignore',
    }),
  )
  // from then on the client checks each result against the schema that its tool announced
  await client.listTools()
}
beforeEach(() => {
  at = place(api.url)
})
afterEach(async () => {
  await client.close()
  at.remove()
})
const call = async (name: string, args: object = {}): Promise<any> =>
  client.callTool({ name, arguments: args as Record<string, unknown> })

describe('the MCP server', () => {
  it('lists nine tools at most, each with a short description, and two resources', async () => {
    await connect()
    const { tools } = await client.listTools()
    expect(tools.map((t) => t.name)).toEqual([
      'claim',
      'release',
      'locks',
      'guard_check',
      'send_message',
      'inbox',
      'set_component',
      'work',
      'status',
    ])
    for (const t of tools) expect(t.description?.length).toBeLessThan(120)
    const { resources } = await client.listResources()
    expect(resources.map((r) => r.uri)).toEqual(['coord://status', 'coord://locks'])
  })

  it('each tool does what it says, with structured results', async () => {
    await connect({ COORD_SESSION: 'BOX/me' })
    const claimed = await call('claim', { project_key: 'p', resource: 'a' })
    expect(claimed.structuredContent).toMatchObject({
      queued: false,
      row: { session_id: 'BOX/me', resource: 'a' },
    })
    expect((await call('locks', { project_key: 'p' })).structuredContent.locks).toHaveLength(1)
    await api.send('POST', '/api/coord/messages', {
      from_session: 'F/x',
      to_session: 'BOX/me',
      project_key: 'p',
      subject: 's',
      body: 'b',
    })
    expect((await call('inbox')).content[0].text).toContain('| b')
    expect((await call('inbox')).structuredContent).toMatchObject({ messages: [] })
    expect(
      (await call('send_message', { project_key: 'p', to_session: 'F/x', subject: 'hi' })).structuredContent
        .queued,
    ).toBe(false)
    expect(
      (await call('set_component', { project_key: 'p', component: 'c', state: 'built' })).isError,
    ).toBeFalsy()
    const flow = await api.send('POST', '/api/coord/workflows', {
      project_key: 'p',
      name: 'w',
      status: 'active',
      created_by: 'BOX/me',
    })
    const item = await call('work', { workflow_id: flow.id, project_key: 'p', title: 't', status: 'pending' })
    expect(
      (await call('work', { id: item.structuredContent.row.id, status: 'completed' })).structuredContent.row
        .status,
    ).toBe('completed')
    expect((await call('guard_check', { path: 'x.ts' })).structuredContent).toMatchObject({ state: 'free' })
    expect((await call('status')).structuredContent).toMatchObject({ session: 'BOX/me', connected: true })
    expect((await client.readResource({ uri: 'coord://locks' })).contents).toHaveLength(1)
    expect((await call('release', { id: claimed.structuredContent.row.id })).isError).toBeFalsy()
    expect((await call('locks', { project_key: 'p' })).structuredContent.locks).toEqual([])
  })

  it.each([
    ['release', { resource: 'kept', project_key: 's' }],
    ['release', { lock_id: '1' }],
    ['release', { id: '' }],
    ['send_message', { project_key: 's', subject: 'for one', to: 'F/x' }],
    ['send_message', { project_key: 's', subject: 'for one', to_session: '' }],
  ])('%s refuses %j: what it does not know may have been to narrow it', async (name, args) => {
    await connect({ COORD_SESSION: 'BOX/narrow' })
    await call('claim', { project_key: 's', resource: 'kept' })
    expect((await call(name, args)).isError).toBe(true)
    expect((await call('locks', { project_key: 's' })).structuredContent.locks).toHaveLength(1)
    expect(JSON.stringify(await api.send('GET', '/api/coord/messages?project_key=s'))).not.toContain(
      'for one',
    )
  })

  it.each([
    ['claim', { project_key: 'u', resource: 'a', ttl: 1 }, 'ttl'],
    ['release', { id: '1', force: true }, 'force'],
    ['locks', { project: 'u' }, 'project'],
    ['guard_check', { path: 'a.ts', project_key: 'u' }, 'project_key'],
    ['send_message', { project_key: 'u', subject: 's', text: 'b' }, 'text'],
    ['inbox', { project_key: 'u' }, 'project_key'],
    ['set_component', { project_key: 'u', component: 'c', state: 'built', note: 'n' }, 'note'],
    ['work', { workflow_id: '1', title: 't', status: 'pending', assigned_to: 'x' }, 'assigned_to'],
    ['status', { session_id: 'BOX/you' }, 'session_id'],
  ])('%s refuses an argument that it does not know, by its name: %j', async (name, args, unknown) => {
    await connect({ COORD_SESSION: 'BOX/me' })
    const refused = await call(name, args)
    expect(refused.isError).toBe(true)
    expect(refused.content[0].text).toContain(`"${unknown}"`)
  })

  it('a broadcast is given once, by a server with a mark for each session and by one with one mark for all', async () => {
    const broadcast = { from_session: 'F/x', project_key: 'p', subject: 'to all', body: '' }
    const told = async (): Promise<string[]> =>
      (await call('inbox')).structuredContent.messages.map((row: any) => row.subject)
    await api.send('POST', '/api/coord/messages', broadcast)
    await connect({ COORD_SESSION: 'BOX/me-too' })
    expect(await told()).toContain('to all')
    expect(await told()).toEqual([])
    await client.close()
    await connect({ COORD_SESSION: 'BOX/me-too' })
    expect(await told()).toEqual([])
    await client.close()

    const plain = await startPlainServer()
    plain.rows('messages').push({ id: 1, ...broadcast, to_session: null, read_at: null })
    await connect({ COORD_SESSION: 'BOX/me-too', COORD_API_URL: plain.url })
    expect(await told()).toEqual(['to all'])
    expect(await told()).toEqual([])
    expect(plain.rows('messages')).toMatchObject([{ read_at: null }])
    await plain.stop()
  })

  it('a refusal is an error with its reason', async () => {
    await connect({ COORD_SESSION: 'BOX/me' })
    await api.send('POST', '/api/coord/locks', {
      project_key: 'q',
      session_id: 'F/x',
      resource: 'r',
      ttl_hours: 2,
    })
    const refused = await call('claim', { project_key: 'q', resource: 'r' })
    expect(refused.isError).toBe(true)
    expect(refused.structuredContent).toMatchObject({ status: 409 })
  })

  it('a server that is away: calls are queued, what is not known is not claimed to be none', async () => {
    at.env['COORD_API_URL'] = 'http://127.0.0.1:9'
    await connect({ COORD_SESSION: 'BOX/me' })
    const queued = await call('claim', { project_key: 'p', resource: 'a' })
    expect(queued.structuredContent).toEqual({ queued: true })
    expect(queued.content[0].text).toContain('Queued')
    expect(at.queue()).toMatchObject([{ method: 'POST', path: '/api/coord/locks' }])
    expect(await call('locks')).toMatchObject({ isError: true, structuredContent: { unknown: true } })
    expect((await call('status')).structuredContent).toMatchObject({ connected: false })
  })

  it('a client that hangs up: what was held under the name of this server alone is released', async () => {
    await connect()
    const { structuredContent } = await call('claim', { project_key: 'hang-up', resource: 'a' })
    expect(structuredContent.row.session_id).toMatch(/^BOX\/project-[0-9a-f]{8}$/)
    await client.close()
    await expect.poll(() => api.get('/api/coord/locks?project_key=hang-up')).toEqual([])
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'a client that ends it by %s: the same',
    async (signal) => {
      await connect()
      const project = `by-${signal}`
      await call('claim', { project_key: project, resource: 'a' })
      process.kill((client.transport as StdioClientTransport).pid ?? 0, signal)
      await expect.poll(() => api.get(`/api/coord/locks?project_key=${project}`)).toEqual([])
    },
  )

  it('install, show and remove give .mcp.json back byte for byte', async () => {
    await connect()
    const file = join(at.project, '.mcp.json')
    const text = '{\n\t"mcpServers": { "other": { "command": "x" } }\n}'
    writeFileSync(file, text)
    expect(await at.coord(['mcp', 'install'])).toMatchObject({ code: 0 })
    expect(JSON.parse(readFileSync(file, 'utf8')).mcpServers).toMatchObject({
      other: { command: 'x' },
      coord: { args: [CLI, 'mcp'] },
    })
    expect((await at.coord(['mcp', 'show', '--json'])).json).toMatchObject({ installed: true })
    expect(await at.coord(['mcp', 'install'])).toMatchObject({ code: 0, stderr: '' })
    expect(await at.coord(['mcp', 'remove'])).toMatchObject({ code: 0 })
    expect(readFileSync(file, 'utf8')).toBe(text)
  })
  it('what the installing shell had set for the API is taken along, a token is not, and variables that were added stay', async () => {
    await connect()
    const file = join(at.project, '.mcp.json')
    const env = () => JSON.parse(readFileSync(file, 'utf8')).mcpServers.coord.env
    const shell = { COORD_API_URL: '', COORD_PORT: '8123', COORD_TOKEN: 'a-secret' }
    const ran = await at.coord(['mcp', 'install'], { env: shell })
    expect(ran.stderr).toContain('COORD_TOKEN is not written down')
    expect(env()).toEqual({ COORD_HOME: at.home, COORD_PORT: '8123', COORD_MACHINE: 'BOX' })
    writeFileSync(file, readFileSync(file, 'utf8').replace('"8123"', '"8124", "MINE": "1"'))
    await at.coord(['mcp', 'install'], { env: shell })
    expect(env()).toMatchObject({ COORD_PORT: '8123', MINE: '1' })
  })
  it("somebody else's server of the same name stays as it is", async () => {
    await connect()
    const file = join(at.project, '.mcp.json')
    const text = '{"mcpServers":{"coord":{"command":"theirs","args":["serve"]}}}'
    writeFileSync(file, text)
    expect(await at.coord(['mcp', 'install'])).toMatchObject({ code: 1 })
    expect((await at.coord(['mcp', 'remove', '--json'])).json).toMatchObject({ removed: false })
    expect(readFileSync(file, 'utf8')).toBe(text)
  })
})
