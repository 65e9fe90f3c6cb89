/** A few names, one a row, each with its way out; below them the place for another one. */
import { useId, type FormEvent } from 'react'
import { useDraft } from '../data/drafts.ts'
import { Button } from '../parts/Button.tsx'
import { Said } from '../parts/Field.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell, RowButton } from '../parts/List.tsx'
import { ShortList } from '../parts/ShortList.tsx'
import css from './NameList.module.css'

interface NameListProps {
  /** What the list is of: `Other names`. */
  readonly label: string
  /** What one of them is: `name`. */
  readonly one: string
  readonly hintId: string
  readonly names: readonly string[]
  readonly placeholder: string
  readonly maxLength: number
  /** The word of the way out: `Remove`. */
  readonly removeWord?: string
  readonly isCode?: boolean
  /** Why a text cannot be added, as a sentence. */
  readonly explain?: (text: string) => string | undefined
  readonly onAdd: (name: string) => Promise<boolean>
  readonly onRemove: (name: string) => void
}

export function NameList(props: NameListProps) {
  const { label, one, hintId, names, placeholder, maxLength, removeWord = 'Remove', isCode = false } = props
  const { explain, onAdd, onRemove } = props
  const [typed, setTyped] = useDraft(`settings.${one}`)
  const wrongId = useId()
  const name = typed.trim()
  const wrong =
    name === '' ? undefined : names.includes(name) ? 'It is in the list already.' : explain?.(name)
  const canAdd = name !== '' && wrong === undefined

  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (canAdd && (await onAdd(name))) setTyped('')
  }
  return (
    <>
      {names.length > 0 && (
        <ShortList
          label={label}
          rows={names}
          keyOf={(row) => row}
          draw={(row) => (
            <>
              <Cell className={`${css.name} ${isCode ? css.code : ''}`}>
                <Foreign text={row} />
              </Cell>
              <Cell>
                <RowButton look="quiet" onClick={() => onRemove(row)}>
                  {removeWord}
                  <span className="hidden">
                    {' '}
                    <Foreign text={row} />
                  </span>
                </RowButton>
              </Cell>
            </>
          )}
          onKey={(row, key) => {
            if (key !== 'Delete') return false
            onRemove(row)
            return true
          }}
        />
      )}
      <form className={css.add} onSubmit={(event) => void add(event)}>
        <input
          aria-label={`Another ${one}`}
          aria-describedby={`${hintId} ${wrongId}`}
          aria-invalid={wrong !== undefined}
          placeholder={placeholder}
          maxLength={maxLength}
          spellCheck={false}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" aria-disabled={!canAdd}>
          Add<span className="hidden"> {one}</span>
        </Button>
      </form>
      <Said id={wrongId} text={wrong} />
    </>
  )
}
