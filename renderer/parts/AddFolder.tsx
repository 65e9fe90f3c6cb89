/** A folder by its path, which is looked at while it is typed, or by the system's picker where there is one. */
import { useId, useState, type FormEvent } from 'react'
import { useActs, useSnapshot } from '../data/window.ts'
import { canWatch, describeFolder } from '../settings/folder-rows.ts'
import { useFolderCheck } from '../settings/use-folder-check.ts'
import css from './AddFolder.module.css'
import { Button } from './Button.tsx'
import { Said } from './Field.tsx'

interface AddFolderProps {
  /** Kept while the person is elsewhere. */
  readonly typed: string
  readonly onType: (text: string) => void
  /** Paths that are there already. */
  readonly known: readonly string[]
  /** Takes the path as it would be kept; whether it was taken. */
  readonly onAdd: (path: string) => Promise<boolean> | boolean
  readonly word: string
}

export function AddFolder({ typed, onType, known, onAdd, word }: AddFolderProps) {
  const acts = useActs()
  const canPick = useSnapshot((all) => all.front.picksFolders)
  const [isBusy, setBusy] = useState(false)
  const saidId = useId()
  const path = typed.trim()
  const check = useFolderCheck(path)
  const isKnown = check !== undefined && known.includes(check.resolved)
  const isGood = check !== undefined && canWatch(check.state) && !isKnown
  const said =
    path === '' || !check ? '' : isKnown ? 'It is in the list already.' : describeFolder(check.state)

  const take = async (wanted: string): Promise<void> => {
    setBusy(true)
    // As it is now: what was said of it may be a moment old.
    const now = await acts.run('folder.check', { path: wanted })
    setBusy(false)
    if (!now) return
    if (known.includes(now.resolved) || !canWatch(now.state)) return onType(wanted)
    if (await onAdd(now.resolved)) onType('')
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (isGood && !isBusy) void take(path)
  }
  const pick = async (): Promise<void> => {
    const picked = await acts.run('folder.pick', null)
    if (picked?.path) await take(picked.path)
  }
  return (
    <form className={css.add} onSubmit={submit}>
      <div className={css.line}>
        <input
          aria-label="Path of a folder"
          aria-describedby={saidId}
          aria-invalid={said !== '' && !isGood}
          placeholder="/home/me/project"
          maxLength={4096}
          spellCheck={false}
          autoComplete="off"
          value={typed}
          onChange={(event) => onType(event.target.value)}
        />
        <Button type="submit" aria-disabled={!isGood || isBusy}>
          {word}
        </Button>
        {canPick && (
          <Button onClick={() => void pick()}>
            Choose…<span className="hidden"> a folder</span>
          </Button>
        )}
      </div>
      <Said id={saidId} text={said} isWrong={!isGood} />
    </form>
  )
}
