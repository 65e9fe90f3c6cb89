/** What an AI tool gives to a hook on stdin: its documented JSON, read tolerantly. */

export interface HookInput {
  /** The tool's id of its session; null where it gives none. */
  readonly toolSession: string | null
  /** Where the session stands; null where it does not say. */
  readonly cwd: string | null
  /** The tool that is about to be called, or was. */
  readonly tool: string
  readonly toolInput: Readonly<Record<string, unknown>>
  /** Why a session starts (`startup`, `resume`, `clear`, `compact`) or ends. */
  readonly source: string
  readonly reason: string
  /** A stop hook kept the session going already: it must not do so again. */
  readonly isStopActive: boolean
  /** The hook was called for a subagent: what it prints is not read by the session itself. */
  readonly isSubagent: boolean
}

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The fields in which tools give the id of a session. */
const ID_FIELDS = [
  'session_id',
  'sessionId',
  'conversation_id',
  'conversationId',
  'thread_id',
  'thread-id',
] as const

const textOf = (json: Json, field: string): string | null => {
  const value = json[field]
  return typeof value === 'string' && value !== '' ? value : null
}

/** Anything but an object is an input without a word in it. */
export function toHookInput(value: unknown): HookInput {
  const json = isObject(value) ? value : {}
  const toolInput = json['tool_input']
  return {
    toolSession: ID_FIELDS.map((field) => textOf(json, field)).find((id) => id !== null) ?? null,
    cwd: textOf(json, 'cwd'),
    tool: textOf(json, 'tool_name') ?? '',
    toolInput: isObject(toolInput) ? toolInput : {},
    source: textOf(json, 'source') ?? '',
    reason: textOf(json, 'reason') ?? '',
    isStopActive: json['stop_hook_active'] === true,
    isSubagent: textOf(json, 'agent_id') !== null,
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) as unknown }
  } catch {
    return undefined
  }
}

/**
 * Says of pieces of a text, one after the other, whether its first object is whole with this one. Each character is looked at
 * once: an input may be of many megabytes.
 */
function objectEnds(): (piece: string) => boolean {
  let depth = 0
  let isInText = false
  let isEscaped = false
  return (piece) => {
    let isWhole = false
    for (let at = 0; at < piece.length; at++) {
      const c = piece.charCodeAt(at)
      if (isEscaped) isEscaped = false
      else if (isInText) {
        if (c === 0x5c) isEscaped = true
        else if (c === 0x22) isInText = false
      } else if (c === 0x22) isInText = true
      else if (c === 0x7b) depth++
      else if (c === 0x7d && --depth === 0) isWhole = true
    }
    return isWhole
  }
}

/**
 * Reads stdin until it holds whole JSON, ends, or `waitMs` are over: a tool may keep its end open, and may write late.
 * A terminal is not waited for.
 */
export function readHookInput(waitMs: number): Promise<HookInput> {
  return new Promise((resolve) => {
    if (process.stdin.isTTY) return resolve(toHookInput(undefined))
    let text = ''
    const isWholeWith = objectEnds()
    const end = (): void => {
      clearTimeout(timer)
      process.stdin.removeAllListeners()
      process.stdin.pause()
      resolve(toHookInput(parsed(text)?.value))
    }
    const timer = setTimeout(end, waitMs)
    process.stdin.setEncoding('utf8')
    process.stdin.on('data', (chunk: string) => {
      text += chunk
      if (isWholeWith(chunk) && parsed(text)) end()
    })
    process.stdin.on('end', end).on('error', end)
  })
}
