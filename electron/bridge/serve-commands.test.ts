import { describe, expect, it } from 'vitest'
import { commands, type CommandHandlers, type CommandName } from '../../shared/protocol.ts'
import { ok } from '../../shared/result.ts'
import { createDispatcher } from './serve-commands.ts'

function setUp(overrides: Partial<CommandHandlers> = {}) {
  const calls: [string, unknown][] = []
  const log: string[] = []
  const handlers = Object.fromEntries(
    (Object.keys(commands) as CommandName[]).map((name) => [
      name,
      async (input: unknown) => {
        calls.push([name, input])
        return ok(null)
      },
    ]),
  ) as unknown as CommandHandlers
  const dispatch = createDispatcher({ ...handlers, ...overrides }, (text) => log.push(text))
  return { dispatch, calls, log }
}

describe('createDispatcher', () => {
  it('gives the parsed input to the handler of that name', async () => {
    const { dispatch, calls } = setUp()
    expect(await dispatch('lock.release', { id: '7', force: false, more: 1 })).toEqual(ok(null))
    expect(calls).toEqual([['lock.release', { id: '7', force: false }]])
  })

  it('takes an absent input for nothing', async () => {
    const { dispatch, calls } = setUp()
    expect(await dispatch('connection.retry', undefined)).toEqual(ok(null))
    expect(calls).toEqual([['connection.retry', null]])
  })

  it.each([
    ['constructor'],
    ['__proto__'],
    ['toString'],
    ['hasOwnProperty'],
    [''],
    ['queue.flush '],
    ['QUEUE.FLUSH'],
    [null],
    [undefined],
    [7],
    [{}],
    [['queue.flush']],
    [Symbol.iterator],
    [{ toString: () => 'queue.flush' }],
  ])('refuses the name %s', async (name) => {
    const { dispatch, calls } = setUp()
    expect(await dispatch(name, null)).toMatchObject({ ok: false, error: { code: 'unknown-command' } })
    expect(calls).toEqual([])
  })

  it.each([
    ['queue.flush', { workspace: 7 }],
    ['queue.flush', null],
    ['queue.list', { workspace: '/w', end: 'delivered', limit: 10 }],
    ['queue.list', { workspace: '/w', end: 'skipped', limit: 1e9 }],
    ['queue.send', { ids: 'a' }],
    ['queue.send', { ids: Array.from({ length: 10_001 }, String) }],
    ['queue.edit', { id: 'a', line: 'x'.repeat(1_100_001) }],
    ['lock.release', { id: '1', force: 'yes' }],
    ['session.cleanUp', { session: '' }],
    ['app.quit', { choice: 'burn', remember: true }],
    ['snapshot.get', {}],
    ['message.send', JSON.parse('{"__proto__":{"from":"a"},"to":null}')],
  ])('answers invalid-input and no more for %s with hostile input', async (name, input) => {
    const { dispatch, calls, log } = setUp()
    const result = await dispatch(name, input)
    expect(result).toMatchObject({ ok: false, error: { code: 'invalid-input' } })
    expect(JSON.stringify(result).length).toBeLessThan(200)
    expect(calls).toEqual([])
    expect(log).toEqual([`invalid input for ${name}`])
  })

  it('turns a handler that throws into failed, and logs the cause', async () => {
    const { dispatch, log } = setUp({
      'connection.retry': () => Promise.reject(new Error('secret /home/me')),
    })
    const result = await dispatch('connection.retry', null)
    expect(result).toMatchObject({ ok: false, error: { code: 'failed' } })
    expect(JSON.stringify(result)).not.toContain('secret')
    expect(log).toEqual(['command connection.retry failed'])
  })

  it('survives an input whose getters throw', async () => {
    const { dispatch } = setUp()
    const input = {
      get id(): string {
        throw new Error('boo')
      },
      force: true,
    }
    expect(await dispatch('lock.release', input)).toMatchObject({ ok: false })
  })
})
