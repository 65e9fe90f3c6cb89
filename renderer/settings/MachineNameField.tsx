/** The machine's name, as the first run and the settings ask for it. */
import type { InputHTMLAttributes, ReactNode } from 'react'
import { Field } from '../parts/Field.tsx'

interface MachineNameFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  /** What fixes it from outside. */
  readonly setBy: string | undefined
  readonly value: string
  /** What is to be said of it. */
  readonly said?: ReactNode
}

export function MachineNameField({ setBy, value, said, ...rest }: MachineNameFieldProps) {
  return (
    <Field
      label="Name"
      setBy={setBy}
      hint="Sessions are named MACHINE/session: those with this name are this machine's."
    >
      {({ controlId, hintId }) => (
        <>
          <input
            {...rest}
            id={controlId}
            aria-describedby={hintId}
            aria-invalid={value.trim() === ''}
            readOnly={setBy !== undefined}
            maxLength={200}
            spellCheck={false}
            value={value}
          />
          {said}
        </>
      )}
    </Field>
  )
}
