/** Variables of a shell that lead a git command to another repository or work tree, as far as a script sets them. */
import type { Assignment, Redirection } from 'unbash'
import { readWord, type ShellWord } from './shell-word.ts'

const NAMES: ReadonlySet<string> = new Set(['GIT_DIR', 'GIT_WORK_TREE'])

/** By name; one that is not known has a value that is not. */
export type Variables = ReadonlyMap<string, ShellWord>

const unknown = (text: string): ShellWord => ({ text, isKnown: false, isPattern: false })

/** With one more, where it is one of these. */
const withOne = (variables: Variables, name: string, value: ShellWord): Variables =>
  NAMES.has(name) ? new Map([...variables, [name, value]]) : variables

/** With the assignments that stand before a command (`GIT_DIR=x git commit`). */
export function assigned(
  variables: Variables,
  prefix: readonly (Assignment | Redirection)[],
  home: string | null,
): Variables {
  let all = variables
  for (const one of prefix)
    if (one.type === 'Assignment') {
      const isPlain = one.value.type === 'Word' && one.append !== true && one.index === undefined
      const value = isPlain && one.value.type === 'Word' ? readWord(one.value, home) : unknown(one.text)
      all = withOne(all, one.name, value)
    }
  return all
}

/** Behind assignments with no command: one that was exported before has its new value; another is the shell's own. */
export function assignedHere(variables: Variables, own: Variables): Variables {
  return variables === own ? variables : new Map([...own].filter(([name]) => variables.has(name)))
}

/** With `NAME=value` words, as `env`, `sudo` and `export` take them. */
export function given(variables: Variables, words: readonly ShellWord[]): Variables {
  let all = variables
  for (const word of words) {
    const [, name, value] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word.text) ?? []
    if (name !== undefined && value !== undefined) all = withOne(all, name, { ...word, text: value })
  }
  return all
}

/** Behind `export`, `declare -x` and `unset`. A bare `export NAME` exports what was assigned before, which is not kept. */
export function exported(variables: Variables, [first, ...words]: readonly ShellWord[]): Variables {
  const name = first?.text ?? ''
  if (name === 'unset') {
    const gone = new Set(words.map((word) => word.text))
    return new Map([...variables].filter(([one]) => !gone.has(one)))
  }
  if (!/^(?:export|declare|typeset)$/.test(name)) return variables
  let all = given(variables, words)
  for (const { text } of words) if (!all.has(text)) all = withOne(all, text, unknown(text))
  return all
}

/** Of what changed since `before` nobody knows whether it did. */
export function inDoubt(after: Variables, before: Variables): Variables {
  if (after === before) return after
  const names = new Set([...after.keys(), ...before.keys()])
  return new Map(
    [...names].map((name) => {
      const value = after.get(name)
      return [name, value !== undefined && value === before.get(name) ? value : unknown(name)]
    }),
  )
}
