/** A call's line for reading: indented, in its own words (a number keeps its digits), with the faulty field marked. Pure. */
import { showInvisible, stripInvisible } from '../../shared/text.ts'

export interface JsonLine {
  readonly text: string
  /** `missing`: the line is ours and names a field that is not there. */
  readonly mark: 'faulty' | 'missing' | null
}
export interface ShownJson {
  readonly lines: readonly JsonLine[]
  /** Whether the body lacks the field; null: there is no body that could have it, or no field was named. */
  readonly isMissing: boolean | null
}

const TOKEN = /"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g
const INDENT = '  '

interface Level {
  readonly isObject: boolean
  key: string | null
}

/** The lines of a whole JSON text, each with the keys that lead to it. */
function linesOf(json: string): { text: string; keys: readonly (string | null)[] }[] {
  const tokens = json.match(TOKEN) ?? []
  const levels: Level[] = []
  const lines: { text: string; keys: readonly (string | null)[] }[] = []
  let line = ''
  let isKeyNext = false
  const push = (): void => {
    if (line.trim() !== '') lines.push({ text: line, keys: levels.map((level) => level.key) })
    line = ''
  }
  const add = (text: string): void => {
    line = line === '' ? INDENT.repeat(levels.length) + text : line + text
  }
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? ''
    if (token === '{' || token === '[') {
      const end = tokens[at + 1]
      if (end === '}' || end === ']') {
        add(token + end)
        at++
        continue
      }
      add(token)
      push()
      levels.push({ isObject: token === '{', key: null })
      isKeyNext = token === '{'
    } else if (token === '}' || token === ']') {
      push()
      levels.pop()
      add(token)
      isKeyNext = false
    } else if (token === ',') {
      add(token)
      push()
      isKeyNext = levels.at(-1)?.isObject === true
    } else if (token === ':') add(': ')
    else {
      const level = levels.at(-1)
      if (isKeyNext && level) level.key = JSON.parse(token) as string
      isKeyNext = false
      add(token)
    }
  }
  push()
  return lines
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a person cannot see, as the escapes that JSON has for it: in a string it means the same. */
const escapeInvisible = (text: string): string =>
  [...text].map((char) => (stripInvisible(char) === '' ? char.replace(/[^]/g, toEscape) : char)).join('')
const toEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The text indented, as it is edited; as it stands where it is no JSON. */
export const toEditable = (text: string): string =>
  escapeInvisible(
    parse(text) === undefined
      ? text
      : linesOf(text)
          .map((line) => line.text)
          .join('\n'),
  )

/** An edited call as the one line that is queued; undefined where it is no JSON. Raw line breaks stand in no JSON text. */
export const toOneLine = (text: string): string | undefined =>
  parse(text) === undefined ? undefined : text.trim().replace(/\s*[\r\n]+\s*/g, ' ')

/** For reading, with the field of the body that the API rejected. */
export function toShownJson(text: string, field: string | null): ShownJson {
  const value = parse(text)
  if (typeof value !== 'object' || value === null)
    return {
      lines: text.split('\n').map((line) => ({ text: showInvisible(line), mark: null })),
      isMissing: null,
    }
  const body = (value as { body?: unknown }).body
  const hasBody = typeof body === 'object' && body !== null && !Array.isArray(body)
  const isMissing = field === null || !hasBody ? null : !Object.hasOwn(body, field)
  const lines: JsonLine[] = []
  for (const { text: line, keys } of linesOf(text)) {
    const isField = isMissing === false && keys[0] === 'body' && keys[1] === field
    lines.push({ text: showInvisible(line), mark: isField ? 'faulty' : null })
    if (
      isMissing === true &&
      keys.length === 1 &&
      keys[0] === 'body' &&
      /[{}],?$/.test(line) &&
      !/^\s*\}/.test(line)
    )
      lines.push({
        text: `${INDENT.repeat(2)}${showInvisible(JSON.stringify(field))} is missing`,
        mark: 'missing',
      })
  }
  return { lines, isMissing }
}
