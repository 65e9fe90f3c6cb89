/** A sentence of ours with names of others in it, each on its own in the line's direction. */
import { Foreign } from './Foreign.tsx'
import css from './Sentence.module.css'

/** A word that somebody else wrote; `code`: a path, an id, a thing that is typed. */
export interface TheirWord {
  readonly their: string
  readonly isCode?: boolean
}
export type Words = readonly (string | TheirWord)[]

export const their = (text: string | null, instead = 'unknown'): string | TheirWord =>
  text === null || text === '' ? instead : { their: text }
export const code = (text: string): TheirWord => ({ their: text, isCode: true })

export function Sentence({ words }: { readonly words: Words }) {
  return words.map((word, at) =>
    typeof word === 'string' ? (
      word
    ) : (
      <Foreign key={at} text={word.their} className={word.isCode ? css.code : undefined} />
    ),
  )
}

/** The same as one text, for a label or a search. */
export const toText = (words: Words): string =>
  words.map((word) => (typeof word === 'string' ? word : word.their)).join('')
