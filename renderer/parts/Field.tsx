/** A group of things that a person sets: each a label with its control beside it, and below the label what it means. */
import { useEffect, useId, type ReactNode } from 'react'
import { say } from './announce.ts'
import { Chip } from './Chip.tsx'
import css from './Field.module.css'
import { useWanted, type Choose } from './use-wanted.ts'

/** A titled group of fields. */
export function FieldGroup({
  title,
  note,
  children,
}: {
  readonly title: string
  readonly note?: ReactNode
  readonly children: ReactNode
}) {
  const id = useId()
  return (
    <section className={css.section} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {note !== undefined && <p className={css.note}>{note}</p>}
      <div className={css.group}>{children}</div>
    </section>
  )
}

interface FieldProps {
  readonly label: string
  readonly hint?: ReactNode
  /** What fixes it from outside: a variable or an option by its name. */
  readonly setBy?: string | undefined
  /** The control takes the whole width, below its label. */
  readonly isWide?: boolean
  /** Draws the control, given the ids of its label and of its hint, and the one that makes it the label's own. */
  readonly children: (ids: FieldIds) => ReactNode
}
interface FieldIds {
  readonly labelId: string
  readonly hintId: string
  readonly controlId: string
}

/** One control takes the label by its id; of several, the group does, by `aria-labelledby`. */
export function Field({ label, hint, setBy, isWide = false, children }: FieldProps) {
  const id = useId()
  const ids = { labelId: `${id}-label`, hintId: `${id}-hint`, controlId: `${id}-control` }
  return (
    <div className={`${css.field} ${isWide ? css.wide : ''}`}>
      <div className={css.words}>
        <label id={ids.labelId} htmlFor={ids.controlId} className={css.label}>
          {label}
        </label>{' '}
        {setBy !== undefined && <Chip>set by {setBy}</Chip>}
        {hint !== undefined && (
          <div id={ids.hintId} className={css.hint}>
            {hint}
          </div>
        )}
      </div>
      <div className={css.control}>{children(ids)}</div>
    </div>
  )
}

/** What is to be said of what was typed: said once to a screen reader, which finds it at the control, too. */
export function Said({
  id,
  text,
  isWrong = true,
}: {
  readonly id?: string
  readonly text: string | undefined
  readonly isWrong?: boolean
}) {
  useEffect(() => {
    if (text) say(text)
  }, [text])
  return (
    <p id={id} className={isWrong ? css.wrong : css.good}>
      {text}
    </p>
  )
}

export interface CheckProps {
  readonly label: string
  readonly hint?: ReactNode
  readonly setBy?: string | undefined
  readonly isOn: boolean
  readonly onChange: Choose<boolean>
}

/** A yes or no, whose whole row is its label. */
export function CheckField({ label, hint, setBy, isOn, onChange }: CheckProps) {
  const hintId = useId()
  const [shown, choose] = useWanted(isOn, onChange)
  return (
    <div className={css.field}>
      <label className={css.check}>
        <input
          type="checkbox"
          checked={shown}
          disabled={setBy !== undefined}
          aria-describedby={hint === undefined ? undefined : hintId}
          onChange={(event) => choose(event.target.checked)}
        />
        <span className={css.label}>{label}</span>
      </label>
      {(setBy !== undefined || hint !== undefined) && (
        <div className={css.below}>
          {setBy !== undefined && <Chip>set by {setBy}</Chip>}
          {hint !== undefined && (
            <div id={hintId} className={css.hint}>
              {hint}
            </div>
          )}
        </div>
      )}
    </div>
  )
}

export interface RadioOption<T extends string> {
  readonly value: T
  readonly label: string
  readonly hint?: ReactNode
}

/** One of a few. */
export function Radios<T extends string>({
  labelledBy,
  options,
  value,
  isDisabled = false,
  onChange,
}: {
  readonly labelledBy: string
  readonly options: readonly RadioOption<T>[]
  readonly value: T
  readonly isDisabled?: boolean
  readonly onChange: Choose<T>
}) {
  const name = useId()
  const [shown, choose] = useWanted(value, onChange)
  return (
    <div role="radiogroup" aria-labelledby={labelledBy} className={css.radios}>
      {options.map((one) => (
        <div key={one.value}>
          <label className={css.check}>
            <input
              type="radio"
              name={name}
              checked={one.value === shown}
              disabled={isDisabled}
              onChange={() => choose(one.value)}
            />
            <span>{one.label}</span>
          </label>
          {one.hint !== undefined && <div className={`${css.hint} ${css.under}`}>{one.hint}</div>}
        </div>
      ))}
    </div>
  )
}
