/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print is looked at as it comes */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeApi, place, realApi, type Place, type RealApi } from './testing/coord.ts'

let at: Place
let api: RealApi
beforeAll(async () => {
  at = place()
  api = await realApi(at)
  at.env['COORD_API_URL'] = api.url
})
afterAll(async () => {
  await api.stop()
  at.remove()
})

describe('serve', () => {
  it('prints one line as soon as it answers, and ends with 0 on SIGTERM', async () => {
    const other = place()
    const served = await realApi(other)
    expect(served.line).toMatch(/^\{"listening":"http:\/\/127\.0\.0\.1:\d+"\}\n$/)
    expect(await served.get('/health')).toMatchObject({ status: 'ok', service: 'coord' })
    expect(await served.stop()).toBe(0)
    other.remove()
  })
  it('ends when its parent closes stdin, where that is asked for', async () => {
    const ran = await at.coord([
      'serve',
      '--port',
      '0',
      '--database',
      join(at.root, 'b.db'),
      '--until-stdin-closes',
    ])
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.json.listening).toMatch(/^http:/)
  })
  it('refuses what it cannot do, with a sentence', async () => {
    const foreign = await fakeApi(() => undefined)
    const taken = new URL(foreign.url).port
    for (const args of [
      ['--host', '0.0.0.0', '--port', '0'],
      ['--database', 'mariadb://no-database'],
      ['--database', 'postgres://u@h/db'],
      ['--port', taken],
    ]) {
      const ran = await at.coord(['serve', ...args])
      expect(ran).toMatchObject({ code: 1, stdout: '' })
      expect(ran.stderr).not.toBe('')
    }
    expect((await at.coord(['serve', '--port', 'x'])).code).toBe(2)
    await foreign.close()
  })
  it('writes a backup, and never over a file', async () => {
    const file = join(at.root, 'copy.db')
    const args = ['serve', '--database', join(at.root, 'api.db'), '--backup', file, '--json']
    expect(await at.coord(args)).toMatchObject({ code: 0, json: { backup: file } })
    expect(existsSync(file)).toBe(true)
    expect((await at.coord(args)).code).toBe(1)
  })
  it('restores a copy beside what was there, and not under a server', async () => {
    const one = place()
    const copy = join(one.root, 'copy.db')
    const server = one.start(['serve', '--port', '0'])
    const { listening } = JSON.parse(
      await new Promise<string>((r) => server.stdout?.once('data', (d: Buffer) => r(String(d)))),
    )
    expect((await one.coord(['serve', '--backup', copy, '--json'])).code).toBe(0)
    one.env['COORD_PORT'] = new URL(listening).port
    const restore = ['serve', '--restore', copy, '--json']
    const refused = await one.coord(restore)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('stop it first')])
    server.kill('SIGTERM')
    await new Promise((ended) => server.once('exit', ended))
    expect(await one.coord(restore)).toMatchObject({
      code: 0,
      json: { kept: expect.stringContaining('coord.db') },
    })
  })
  it('stands by where the same person serves already, and takes over', async () => {
    const one = place()
    const first = one.start(['serve', '--port', '0'])
    const lineOf = (child: typeof first): Promise<string> =>
      new Promise((r) => child.stdout?.once('data', (d: Buffer) => r(String(d))))
    const { listening } = JSON.parse(await lineOf(first))
    const second = one.start(['serve', '--port', new URL(listening).port])
    expect(JSON.parse(await lineOf(second))).toEqual({ listening, standing_by: true })
    const takenOver = lineOf(second)
    first.kill('SIGTERM')
    await new Promise((r) => first.once('exit', r))
    await expect
      .poll(
        async () =>
          fetch(`${listening}/health`).then(
            (r) => r.status,
            () => 0,
          ),
        { timeout: 15_000 },
      )
      .toBe(200)
    expect(JSON.parse(await takenOver)).toEqual({ listening })
    second.kill('SIGINT')
    expect(await new Promise((r) => second.once('exit', r))).toBe(0)
    one.remove()
  })
})

describe('the rest of the protocol against the real API', () => {
  it('sets and lists components', async () => {
    expect(
      await at.coord([
        'component',
        'set',
        'p',
        'server',
        'deployed',
        '--version',
        '1.0',
        '--notes',
        'n',
        '--json',
      ]),
    ).toMatchObject({
      code: 0,
      json: { component: 'server', state: 'deployed', version: '1.0', updated_by: 'BOX/coord' },
    })
    expect((await at.coord(['component', 'list', 'p', '--json'])).json).toMatchObject([
      { project_key: 'p', component: 'server', notes: 'n' },
    ])
    expect((await at.coord(['component', 'list', 'q', '--json'])).json).toEqual([])
  })
  it('creates workflows and work items, and changes them', async () => {
    const flow = await at.coord(['workflow', 'create', 'p', 'Big thing', '--description', 'd', '--json'])
    expect(flow).toMatchObject({
      code: 0,
      json: { name: 'Big thing', status: 'planning', created_by: 'BOX/coord' },
    })
    const id = String(flow.json.id)
    const item = await at.coord(['item', 'add', id, 'First step', '--priority', '10', '--json'])
    expect(item).toMatchObject({
      code: 0,
      json: { title: 'First step', project_key: 'p', status: 'pending', priority: 10 },
    })
    expect(await at.coord(['item', 'set', String(item.json.id), 'completed', '--json'])).toMatchObject({
      code: 0,
      json: { status: 'completed' },
    })
    expect((await at.coord(['item', 'list', id, '--json'])).json).toMatchObject([
      { title: 'First step', status: 'completed' },
    ])
    expect((await at.coord(['workflow', 'list', '--json'])).json).toMatchObject([{ id, name: 'Big thing' }])
    expect((await at.coord(['item', 'set', 'nope', 'completed', '--json'])).code).toBe(1)
  })
  it('sends, shows and marks messages', async () => {
    const sent = await at.coord([
      'send',
      '--session',
      'FAR/x',
      '--to',
      'BOX/a',
      '--project',
      'p',
      '--subject',
      's',
      '--body',
      'b',
      '--json',
    ])
    expect(sent).toMatchObject({ code: 0, json: { id: expect.any(String) } })
    const [row] = (await at.coord(['messages', '--json'])).json
    expect(row).toMatchObject({ id: sent.json.id, subject: 's', body: 'b', mine: true, seen: false })
    expect((await at.coord(['messages', 'read', row.id, '--json'])).json).toEqual({
      read: [row.id],
      queued: 0,
      refused: [],
    })
    expect((await at.coord(['messages', '--json'])).json).toEqual([])
  })
  it('claims, meets a conflict, shows and releases', async () => {
    const claimed = await at.coord(['claim', 'f.ts', '--project', 'p', '--ttl', '0', '--json'])
    expect(claimed).toMatchObject({
      code: 0,
      json: { resource: 'f.ts', session_id: 'BOX/coord', mine: true, stale: false },
    })
    expect(await at.coord(['claim', 'f.ts', '--project', 'p', '--json'])).toMatchObject({
      code: 0,
      json: { id: claimed.json.id },
    })
    expect(await at.coord(['claim', 'f.ts', '--project', 'p', '--session', 'FAR/x', '--json'])).toMatchObject(
      { code: 1, json: { holder: 'BOX/coord' } },
    )
    expect((await at.coord(['locks', '--json'])).json).toMatchObject([{ id: claimed.json.id }])
    expect(await at.coord(['release', claimed.json.id, '--json'])).toMatchObject({
      code: 0,
      json: { released: 1, queued: 0, refused: [] },
    })
    expect((await at.coord(['locks', '--all', '--json'])).json).toEqual([])
  })
  it('doctor finds everything in place, and says what is not', async () => {
    expect(await at.coord(['doctor'])).toMatchObject({ code: 0 })
    writeFileSync(join(at.home, 'settings.json'), '{oh')
    const bad = await at.coord(['doctor', '--json'], { env: { COORD_API_URL: 'http://127.0.0.1:9' } })
    expect(bad.code).toBe(1)
    expect(bad.json.filter((f: any) => !f.ok).map((f: any) => f.check)).toEqual([
      'settings',
      'coordination API',
    ])
    writeFileSync(join(at.home, 'settings.json'), '{}')
  })
})
