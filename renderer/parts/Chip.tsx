/** Small words beside a name: a project, a state, a count. */
import type { ReactNode } from 'react'
import { Foreign } from './Foreign.tsx'
import css from './Chip.module.css'

export type Tone = 'plain' | 'red' | 'amber' | 'green'

export function Chip({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return <span className={`${css.chip} ${css[tone]}`}>{children}</span>
}

const SHADES = 6
/** The same colour for the same name, on every workstation. */
export function shadeOf(name: string): number {
  let sum = 0
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return sum % SHADES
}

/** A project, by its colour and name. */
export function Project({
  name,
  isBare = false,
}: {
  readonly name: string | null
  readonly isBare?: boolean
}) {
  if (name === null) return null
  return (
    <span className={css.project}>
      <span className={`${css.square} ${css[`shade${shadeOf(name)}`]}`} aria-hidden="true" />
      {!isBare && <Foreign text={name} className={css.name} />}
    </span>
  )
}

/** A session's first letter on its colour; a decoration: the name stands beside it. */
export function Avatar({ name }: { readonly name: string }) {
  const letter = [...(name.split('/').at(-1) ?? name)].find((char) => /[\p{L}\p{N}]/u.test(char)) ?? '?'
  return (
    <span className={`${css.avatar} ${css[`shade${shadeOf(name)}`]}`} aria-hidden="true">
      {letter.toUpperCase()}
    </span>
  )
}
