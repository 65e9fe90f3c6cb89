/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print is looked at as it comes */
/** The tools' documented JSON: what they give to a hook, and the shapes that they take from it; a wrong one would say nothing. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type AddressInfo } from 'node:net'
import { z } from 'zod'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HOOKS } from '../adapters/hook-settings.ts'
import { appendFact, readRecords } from '../adapters/session-records.ts'
import { HOOK, fakeApi, heard, named, place, type FakeApi, type Place, type Ran } from './testing/coord.ts'

let at: Place
let api: FakeApi
let news: object[] = []
beforeEach(async () => {
  news = []
  api = await fakeApi((hit) => {
    if (hit.url.startsWith('/api/coord/messages?')) return { body: news }
    if (hit.url.startsWith('/api/coord/locks?'))
      return {
        body: [
          {
            id: 1,
            project_key: 'p',
            session_id: 'FAR/x',
            resource: 'held.ts',
            acquired_at: new Date().toISOString(),
          },
        ],
      }
    return undefined
  })
  at = place(api.url)
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: at.project })
  configure({ project: 'p' })
})
afterEach(async () => {
  await api.close()
  at.remove()
})
const configure = (config: object): void =>
  writeFileSync(join(at.project, '.claude', 'coord.json'), JSON.stringify(config))
const ID = '0199a1b2-c3d4-7e5f-8a9b-000000000001'

/** The fields that come with each event, and those of the event. */
const run = (
  event: string,
  name: string,
  input: object,
  env: Record<string, string> = {},
  flags: string[] = [],
): Promise<Ran> =>
  at.coord([event, ...flags], {
    program: HOOK,
    env: { COORD_GUARD_WAIT: '10000', ...env },
    stdin: JSON.stringify({
      session_id: ID,
      prompt_id: '550e8400-e29b-41d4-a716-446655440000',
      transcript_path: join(at.root, `${ID}.jsonl`),
      cwd: at.project,
      permission_mode: 'default',
      effort: { level: 'medium' },
      hook_event_name: name,
      ...input,
    }),
  })
const before = (tool: string, toolInput: object): Promise<Ran> =>
  run('before-tool', 'PreToolUse', { tool_name: tool, tool_input: toolInput, tool_use_id: 'toolu_01' })

/** What every event takes, as documented; nothing else may stand beside it. */
const universal = {
  continue: z.boolean().optional(),
  stopReason: z.string().optional(),
  systemMessage: z.string().min(1).optional(),
}
const context = (name: string): z.ZodType =>
  z.strictObject({ hookEventName: z.literal(name), additionalContext: z.string().min(1).max(10_000) })
const FORMS = {
  PreToolUse: z.strictObject({ ...universal, hookSpecificOutput: context('PreToolUse').optional() }),
  PostToolUse: z.strictObject({ ...universal, hookSpecificOutput: context('PostToolUse') }),
  Stop: z.strictObject({ ...universal, decision: z.literal('block'), reason: z.string().min(1) }),
} as const
const message = (id: number): object => ({
  id,
  from_session: 'FAR/x',
  to_session: named(ID),
  subject: `told ${id}`,
})

describe('what the hooks print is what the tool documents', () => {
  it.each(['startup', 'resume', 'clear', 'compact', 'fork'])(
    'SessionStart (%s): plain text, which does not begin like JSON, and commands that come later act as it',
    async (source) => {
      news = [message(1)]
      const envFile = join(at.root, 'env')
      const input = { source, model: 'a-model', session_title: 'x' }
      const ran = await heard(
        () => run('start', 'SessionStart', input, { CLAUDE_ENV_FILE: envFile }),
        '| told 1',
      )
      expect(ran.code).toBe(0)
      expect(ran.stdout).toMatch(/^You are /)
      expect(ran.stdout).toContain('| told 1')
      const asked = execFileSync('sh', ['-c', `. ${envFile}; printf %s "$COORD_SESSION"`], {
        encoding: 'utf8',
      })
      expect(asked).toBe(named(ID))
    },
  )
  it('UserPromptSubmit: plain text beside the prompt, or nothing', async () => {
    expect(await run('prompt', 'UserPromptSubmit', { prompt: '{"x":1}' })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    })
    news = [message(1)]
    const ran = await heard(() => run('prompt', 'UserPromptSubmit', { prompt: 'x' }))
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout.trimStart()).not.toMatch(/^\{/)
    expect(ran.stdout).toContain('| told 1')
  })
  it('PreToolUse, refused: exit 2, the reason on stderr, nothing on stdout that could say otherwise', async () => {
    const ran = await before('Edit', {
      file_path: join(at.project, 'held.ts'),
      old_string: 'a',
      new_string: 'b',
    })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('is held by FAR/x')
  })
  it('PreToolUse, told: no decision, so that what a person allows stays what decides', async () => {
    configure({ project: 'p', guard: 'warn' })
    const ran = await before('Write', { file_path: join(at.project, 'held.ts'), content: 'x' })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const form = FORMS.PreToolUse.parse(ran.json) as any
    expect(form.hookSpecificOutput.additionalContext).toContain('FAR/x')
  })
  it('PreToolUse, with a notice for the person, and with both', async () => {
    const unread = await before('Bash', {
      command: 'rm $FILE',
      description: 'x',
      timeout: 1,
      run_in_background: false,
    })
    expect(FORMS.PreToolUse.parse(unread.json)).toEqual({
      systemMessage: expect.stringContaining('Not guarded'),
    })
    configure({ project: 'p', guard: 'warn' })
    const both = await before('Bash', { command: 'rm $FILE held.ts' })
    expect(Object.keys(FORMS.PreToolUse.parse(both.json) as object).sort()).toEqual([
      'hookSpecificOutput',
      'systemMessage',
    ])
  })
  it.each([
    ['Edit', { file_path: 'held.ts' }],
    ['MultiEdit', { file_path: 'held.ts', edits: [] }],
    ['NotebookEdit', { notebook_path: 'held.ts', new_source: '' }],
    ['Bash', { command: 'echo x > held.ts' }],
    ['PowerShell', { command: 'Set-Content held.ts x' }],
    ['Monitor', { command: 'tail -f log > held.ts' }],
    ['apply_patch', { command: '*** Begin Patch\n*** Update File: held.ts\n*** End Patch' }],
  ])('PreToolUse of %s is read', async (tool, toolInput) => {
    expect((await before(tool, toolInput)).code).toBe(2)
  })
  it('PreToolUse, with an API that hangs as long as may be waited for: the tool has not cancelled it yet @long', async () => {
    const { timeoutS } = HOOKS.find(({ ours }) => ours === 'before-tool') ?? { timeoutS: 0 }
    const hanging = createServer(() => undefined)
    await new Promise<void>((r) => hanging.listen(0, '127.0.0.1', r))
    const env = {
      COORD_API_URL: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`,
      COORD_GUARD_WAIT: '600000',
    }
    const call = { tool_name: 'Write', tool_input: { file_path: join(at.project, 'a.ts') } }
    const ran = await run('before-tool', 'PreToolUse', call, env)
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.ms).toBeLessThan(timeoutS * 1000)
    expect(at.queue()).toHaveLength(1)
    hanging.close()
  })
  it('PostToolUse: context beside the result, or nothing', async () => {
    const after = {
      tool_name: 'Write',
      tool_input: {},
      tool_response: { success: true },
      tool_use_id: 'toolu_01',
      duration_ms: 12,
    }
    expect(await run('after-tool', 'PostToolUse', after)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    news = [message(1)]
    const ran = await heard(() => run('after-tool', 'PostToolUse', after))
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect((FORMS.PostToolUse.parse(ran.json) as any).hookSpecificOutput.additionalContext).toContain(
      '| told 1',
    )
  })
  it('Stop and SubagentStop: a reason to go on, once, or nothing', async () => {
    const stop = {
      stop_hook_active: false,
      last_assistant_message: 'x',
      background_tasks: [],
      session_crons: [],
    }
    expect(await run('stop', 'Stop', stop)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    news = [message(1)]
    expect(
      await run('stop', 'SubagentStop', { ...stop, agent_id: 'def456', agent_type: 'Explore' }),
    ).toMatchObject({ code: 0, stdout: '' })
    expect(await run('stop', 'Stop', { ...stop, stop_hook_active: true })).toMatchObject({
      code: 0,
      stdout: '',
    })
    const ran = await heard(() => run('stop', 'Stop', stop))
    expect((FORMS.Stop.parse(ran.json) as any).reason).toContain('| told 1')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
  })
  it.each(['logout', 'prompt_input_exit', 'other', 'a-reason-of-tomorrow'])(
    'SessionEnd (%s): releases, and prints nothing',
    async (reason) => {
      await run('start', 'SessionStart', { source: 'startup' })
      expect(await run('end', 'SessionEnd', { reason })).toMatchObject({ code: 0, stdout: '', stderr: '' })
      await expect.poll(() => api.writes().filter((hit) => hit.method === 'DELETE')).toHaveLength(1)
    },
  )
})

describe('other tools: their id in another field, or none', () => {
  const call = { session_id: undefined, tool_name: 'Bash', tool_input: { command: 'touch new.ts' } }
  const claimed = (): string[] => api.writes().map((hit) => hit.body.session_id)
  it.each(['session_id', 'sessionId', 'conversation_id', 'conversationId', 'thread_id', 'thread-id'])(
    '%s',
    async (field) => {
      await run('before-tool', 'PreToolUse', { ...call, [field]: 'theirs' })
      expect(claimed()).toEqual([named('theirs')])
      await run('end', 'x', { session_id: undefined, [field]: 'theirs', reason: 'exit' })
      expect(readRecords(at.home)).toMatchObject([{ session: named('theirs'), state: 'ended' }])
    },
  )
  it('none, and a name by --session, whole or without its machine', async () => {
    await run('before-tool', 'PreToolUse', call, {}, ['--session', 'codex-1'])
    await run('before-tool', 'PreToolUse', call, {}, ['--session', 'BOX/codex-2'])
    expect(claimed()).toEqual(['BOX/codex-1', 'BOX/codex-2'])
  })
  it('none, and a name by the environment', async () => {
    await run('before-tool', 'PreToolUse', call, { COORD_SESSION: 'BOX/mine' })
    expect(claimed()).toEqual(['BOX/mine'])
    await run('end', 'x', { session_id: undefined, reason: 'exit' }, { COORD_SESSION: 'BOX/mine' })
    expect(readRecords(at.home)).toMatchObject([{ session: 'BOX/mine', state: 'ended' }])
  })
  it('an id goes before the environment, a name that is pinned before both', async () => {
    await run('before-tool', 'PreToolUse', { ...call, session_id: 'theirs' }, { COORD_SESSION: 'BOX/mine' })
    await run('before-tool', 'PreToolUse', { ...call, session_id: 'theirs' }, {}, ['--session', 'pinned'])
    expect(claimed()).toEqual([named('theirs'), 'BOX/pinned'])
  })
  it('a name that is given in the middle is recorded, and both are released at the end, also where that is cut off', async () => {
    const theirs = { ...call, session_id: 'theirs' }
    await run('before-tool', 'PreToolUse', theirs)
    await run('before-tool', 'PreToolUse', theirs, {}, ['--session', 'pinned'])
    expect(readRecords(at.home)).toMatchObject([{ names: [named('theirs'), 'BOX/pinned'] }])
    appendFact(at.home, 'theirs', { at: 1, fact: 'ending' })
    await run('start', 'SessionStart', { session_id: 'another', source: 'startup' })
    await expect
      .poll(() => api.writes().flatMap((hit) => (hit.method === 'DELETE' ? [hit.url] : [])))
      .toEqual(
        ['BOX/pinned', named('theirs')].map(
          (name) => `/api/coord/locks?session_id=${encodeURIComponent(name)}&release_all=true`,
        ),
      )
  })
  it('neither: it is allowed, and said', async () => {
    const ran = await run('before-tool', 'PreToolUse', call)
    expect(ran.json).toEqual({ systemMessage: expect.stringContaining('--session') })
    expect(claimed()).toEqual([])
  })
})
