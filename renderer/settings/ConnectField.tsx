/** How sessions come in: when a hook last called, and the way to connect more. */
import { useState } from 'react'
import { ConnectSessions } from '../connect/ConnectSessions.tsx'
import { firstCall } from '../connect/first-call.ts'
import { useSnapshot } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { Field } from '../parts/Field.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Time } from '../parts/Time.tsx'

export function ConnectField() {
  const sessions = useSnapshot((all) => all.sessions)
  const [isOpen, setOpen] = useState(false)
  const last = firstCall(sessions, null)
  return (
    <Field
      label="Claude Code"
      isWide={isOpen}
      hint={
        last ? (
          <>
            <Foreign text={last.session} /> called <Time at={last.at} />.
          </>
        ) : (
          'No call of a hook is known.'
        )
      }
    >
      {() =>
        isOpen ? (
          <ConnectSessions />
        ) : (
          <div>
            <Button isLocal onClick={() => setOpen(true)}>
              Connect sessions…
            </Button>
          </div>
        )
      }
    </Field>
  )
}
