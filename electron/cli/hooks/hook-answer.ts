/** What a hook gives back to the tool: text for the model, text for the person, or a refusal. */

/** The exit code with which a tool takes what stands on stderr as the reason of a refusal. */
export const BLOCKED = 2

export interface HookAnswer {
  readonly exitCode: 0 | typeof BLOCKED
  /** For stdout: JSON or text, as the event has it. */
  readonly out: string
  /** For stderr. */
  readonly error: string
}

export const SILENT: HookAnswer = { exitCode: 0, out: '', error: '' }

/** The call is not made; the model reads why. */
export const refuse = (why: string): HookAnswer => ({ exitCode: BLOCKED, out: '', error: `${why}\n` })

type ContextEvent = 'PreToolUse' | 'PostToolUse'

/** The call goes on; the model reads `context`, the person `notice`. '' says nothing. */
export function goOn(event: ContextEvent, context: string, notice = ''): HookAnswer {
  if (context === '' && notice === '') return SILENT
  const out = JSON.stringify({
    ...(context === '' ? {} : { hookSpecificOutput: { hookEventName: event, additionalContext: context } }),
    ...(notice === '' ? {} : { systemMessage: notice }),
  })
  return { exitCode: 0, out: `${out}\n`, error: '' }
}

/** The turn goes on, for this reason. */
export const keepTurn = (reason: string): HookAnswer => ({
  exitCode: 0,
  out: `${JSON.stringify({ decision: 'block', reason })}\n`,
  error: '',
})
