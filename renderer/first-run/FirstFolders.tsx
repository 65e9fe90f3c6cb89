/** The first run's folders: what is watched already, what Claude Code knows, and any other by its path. */
import { useState } from 'react'
import { counted, showInvisible } from '../../shared/text.ts'
import { isFolder } from '../data/own-queue.ts'
import { useSnapshot } from '../data/window.ts'
import { AddFolder } from '../parts/AddFolder.tsx'
import { Button } from '../parts/Button.tsx'
import { Field, FieldGroup } from '../parts/Field.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { without, withAll } from '../settings/change.ts'
import css from './FirstFolders.module.css'

interface FirstFoldersProps {
  readonly folders: readonly string[]
  readonly onFolders: (folders: readonly string[]) => void
}

function Choice({
  path,
  isOn,
  onChange,
}: {
  path: string
  isOn: boolean
  onChange: (isOn: boolean) => void
}) {
  return (
    <li>
      <label className={css.choice}>
        <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.target.checked)} />
        <Foreign text={path} className={css.path} />
      </label>
    </li>
  )
}

export function FirstFolders({ folders, onFolders }: FirstFoldersProps) {
  const suggestions = useSnapshot((all) => all.suggestions)
  const workspaces = useSnapshot((all) => all.workspaces)
  const settings = useSnapshot((all) => all.settings)
  const [typed, setTyped] = useState('')
  /** Typed ones stay in the list, also when they are not wanted any more. */
  const [others, setOthers] = useState<readonly string[]>([])
  const watched = workspaces.filter(isFolder)
  const setBy = settings.setBy.workspaces
  const offered = withAll(suggestions, ...others)
  const isAll = offered.length > 0 && offered.every((path) => folders.includes(path))
  const already =
    watched.length === 0
      ? ''
      : ` Watched already: ${watched.map((one) => showInvisible(one.name)).join(', ')}.`
  return (
    <FieldGroup title="Project folders">
      <Field
        label="Folders to watch"
        setBy={setBy}
        isWide
        hint={`What sessions queue in them is sent for them.${already} A project of Claude Code that gets a queue later is found by itself.`}
      >
        {({ labelId }) =>
          setBy === undefined && (
            <>
              {offered.length > 0 && (
                <>
                  <ul className={css.list} tabIndex={0} aria-labelledby={labelId}>
                    {offered.map((path) => (
                      <Choice
                        key={path}
                        path={path}
                        isOn={folders.includes(path)}
                        onChange={(isOn) => onFolders(isOn ? withAll(folders, path) : without(folders, path))}
                      />
                    ))}
                  </ul>
                  <p className={css.line}>
                    <Button isLocal onClick={() => onFolders(isAll ? [] : offered)}>
                      {isAll ? 'None of them' : 'All of them'}
                    </Button>
                    <span className={css.count}>
                      {counted(folders.length, 'folder')} of {offered.length} chosen
                    </span>
                  </p>
                </>
              )}
              <AddFolder
                typed={typed}
                onType={setTyped}
                known={[...settings.workspaces, ...folders]}
                word="Add it"
                onAdd={(path) => {
                  setOthers(withAll(others, path))
                  onFolders(withAll(folders, path))
                  return true
                }}
              />
            </>
          )
        }
      </Field>
    </FieldGroup>
  )
}
