/** The project folders: what is watched, how it is there, and how another one comes in. */
import { useMemo, useState } from 'react'
import { counted } from '../../shared/text.ts'
import { useDraft } from '../data/drafts.ts'
import { useSnapshot } from '../data/window.ts'
import { AddFolder } from '../parts/AddFolder.tsx'
import { Button } from '../parts/Button.tsx'
import { Chip } from '../parts/Chip.tsx'
import { Field } from '../parts/Field.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell, RowButton } from '../parts/List.tsx'
import { ShortList } from '../parts/ShortList.tsx'
import { stopWatching, takeFrom, addTo, watchFolders } from './change.ts'
import { canWatch, describeFolder, toFolderRows, type FolderRow } from './folder-rows.ts'
import css from './Folders.module.css'
import { NameList } from './NameList.tsx'
import { useFolderCheck } from './use-folder-check.ts'
import { useSave } from './use-save.ts'

/** Of a named folder that is not watched: what the disk says. */
function NotWatched({ path }: { readonly path: string }) {
  const check = useFolderCheck(path)
  if (!check) return <Chip>not watched yet</Chip>
  return canWatch(check.state) ? (
    <Chip>not watched yet</Chip>
  ) : (
    <>
      <Chip tone="amber">not watched</Chip>
      <span className={css.more}>{describeFolder(check.state)}</span>
    </>
  )
}

function FolderCells({ row, onStop }: { readonly row: FolderRow; readonly onStop: (() => void) | null }) {
  return (
    <>
      <Cell className={css.folder}>
        <p className={css.name}>
          <Foreign text={row.name} />
          {!row.isNamed && <span className={css.found}>found by itself</span>}
        </p>
        <p className={css.path}>
          <Foreign text={row.path} />
        </p>
        <p className={css.states}>
          {row.waiting === undefined && <NotWatched path={row.path} />}
          {row.states.map(({ tone, words }) => (
            <Chip key={words} tone={tone}>
              {words}
            </Chip>
          ))}
          {row.more !== null && (
            <span className={css.more}>
              <Foreign text={row.more} />
            </span>
          )}
        </p>
      </Cell>
      <Cell>
        {onStop && (
          <RowButton look="quiet" onClick={onStop}>
            Stop watching
            <span className="hidden">
              {' '}
              <Foreign text={row.name} />
            </span>
          </RowButton>
        )}
      </Cell>
    </>
  )
}

const kept = ({ waiting }: FolderRow): string =>
  waiting ? ` ${counted(waiting, 'call that waits stays', 'calls that wait stay')} in it.` : ''

function Watched() {
  const settings = useSnapshot((all) => all.settings)
  const workspaces = useSnapshot((all) => all.workspaces)
  const save = useSave()
  const [typed, setTyped] = useDraft('settings.folder')
  const setBy = settings.setBy.workspaces
  const rows = useMemo(
    () => toFolderRows(settings.workspaces, settings.ignoredWorkspaces, workspaces),
    [settings, workspaces],
  )
  const canStop = (row: FolderRow): boolean => !(row.isNamed && setBy !== undefined)
  const stop = (row: FolderRow): void => {
    if (!canStop(row)) return
    void save(stopWatching(settings, row.path, `${row.name} is watched no longer.${kept(row)}`))
  }
  return (
    <Field
      label="Watched"
      setBy={setBy}
      isWide
      hint="The folders whose queued calls are sent. A project of Claude Code that gets a queue is found by itself."
    >
      {() => (
        <>
          {rows.length === 0 && <p className={css.none}>No folder is watched.</p>}
          {rows.length > 0 && (
            <ShortList
              label="Watched folders"
              rows={rows}
              keyOf={(row) => row.path}
              draw={(row) => <FolderCells row={row} onStop={canStop(row) ? () => stop(row) : null} />}
              onKey={(row, key) => {
                if (key !== 'Delete' || !canStop(row)) return false
                stop(row)
                return true
              }}
            />
          )}
          {setBy === undefined && (
            <AddFolder
              typed={typed}
              onType={setTyped}
              known={settings.workspaces}
              word="Watch it"
              onAdd={(path) => save(watchFolders(settings, [path], `${path} is watched from now on.`))}
            />
          )}
        </>
      )}
    </Field>
  )
}

const FIRST = 8

function Suggested() {
  const all = useSnapshot((snapshot) => snapshot.suggestions)
  const settings = useSnapshot((snapshot) => snapshot.settings)
  const save = useSave()
  const [isAll, setAll] = useState(false)
  const others = useMemo(() => all.filter((path) => !settings.workspaces.includes(path)), [all, settings])
  if (others.length === 0 || settings.setBy.workspaces !== undefined) return null
  const watch = (paths: readonly string[], said: string): void =>
    void save(watchFolders(settings, paths, said))
  const one = (path: string): void => watch([path], `${path} is watched from now on.`)
  return (
    <Field
      label="Projects of Claude Code"
      isWide
      hint={`${counted(others.length, 'project')} of this machine without a queue yet.`}
    >
      {() => (
        <>
          <ShortList
            label="Projects of Claude Code that are not watched"
            rows={isAll ? others : others.slice(0, FIRST)}
            keyOf={(path) => path}
            draw={(path) => (
              <>
                <Cell className={css.suggestion}>
                  <Foreign text={path} />
                </Cell>
                <Cell>
                  <RowButton look="quiet" onClick={() => one(path)}>
                    Watch
                    <span className="hidden">
                      {' '}
                      <Foreign text={path} />
                    </span>
                  </RowButton>
                </Cell>
              </>
            )}
            onOpen={one}
          />
          <div className={css.acts}>
            {!isAll && others.length > FIRST && (
              <Button isLocal onClick={() => setAll(true)}>
                Show {others.length - FIRST} more
              </Button>
            )}
            {others.length > 1 && (
              <Button
                onClick={() =>
                  watch(others, `${counted(others.length, 'folder is', 'folders are')} watched from now on.`)
                }
              >
                Watch all {others.length}
              </Button>
            )}
          </div>
        </>
      )}
    </Field>
  )
}

function Ignored() {
  const settings = useSnapshot((all) => all.settings)
  const save = useSave()
  return (
    <Field
      label="Never watched"
      hint="Folders that are left alone, also when a queue is found in them."
      setBy={settings.setBy.ignoredWorkspaces}
    >
      {(ids) => (
        <NameList
          hintId={ids.hintId}
          label="Folders that are never watched"
          one="folder to leave alone"
          isCode
          names={settings.ignoredWorkspaces}
          placeholder="/home/me/scratch"
          maxLength={4096}
          removeWord="Allow"
          explain={(path) =>
            /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path) ? undefined : describeFolder('not-absolute')
          }
          onAdd={(path) => save(addTo(settings, 'ignoredWorkspaces', path, `${path} is left alone.`))}
          onRemove={(path) =>
            void save(takeFrom(settings, 'ignoredWorkspaces', path, `${path} may be watched again.`))
          }
        />
      )}
    </Field>
  )
}

export function Folders() {
  return (
    <>
      <Watched />
      <Suggested />
      <Ignored />
    </>
  )
}
