/** Which coordination API: served here, or the team's, by an address that is asked to be valid. */
import { useId } from 'react'
import { explainAddress } from '../settings/api-address.ts'
import { Radios, Said } from './Field.tsx'
import css from './ApiChoice.module.css'

export type ApiKind = 'serve' | 'join'

interface ApiChoiceProps {
  readonly labelledBy: string
  readonly kind: ApiKind
  readonly onKind: (kind: ApiKind) => void
  readonly address: string
  readonly onAddress: (text: string) => void
  /** Set from outside: shown, and not to be changed. */
  readonly isLocked?: boolean
  /** Beside the address. */
  readonly act?: React.ReactNode
}

export function ApiChoice(props: ApiChoiceProps) {
  const { labelledBy, kind, onKind, address, onAddress, isLocked = false, act } = props
  const wrongId = useId()
  const wrong = explainAddress(address)
  return (
    <>
      <Radios<ApiKind>
        labelledBy={labelledBy}
        value={kind}
        isDisabled={isLocked}
        onChange={onKind}
        options={[
          {
            value: 'serve',
            label: 'Serve coordination on this workstation',
            hint: 'Works at once, for the sessions of this workstation.',
          },
          {
            value: 'join',
            label: 'Join the team\u2019s API',
            hint: 'Queued calls go to its address and nowhere else.',
          },
        ]}
      />
      {kind === 'join' && (
        <div className={css.address}>
          <div className={css.line}>
            <input
              type="url"
              aria-label="Address of the API"
              aria-describedby={wrongId}
              aria-invalid={wrong !== undefined}
              maxLength={2000}
              readOnly={isLocked}
              spellCheck={false}
              autoComplete="off"
              placeholder="http://coord.example:8001"
              value={address}
              onChange={(event) => onAddress(event.target.value)}
            />
            {act}
          </div>
          <Said id={wrongId} text={wrong} />
        </div>
      )}
    </>
  )
}
