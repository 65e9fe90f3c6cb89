/** Connects Claude Code: shows what is written into its settings, writes it on a click, and waits for the first call. */
import { CircleCheck, Loader } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { CommandResult, HookPreview, HookTarget } from '../../shared/protocol.ts'
import { showInvisible } from '../../shared/text.ts'
import { isFolder } from '../data/own-queue.ts'
import { useActs, useCanAct, useSnapshot } from '../data/window.ts'
import { say } from '../parts/announce.ts'
import { Button } from '../parts/Button.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Time } from '../parts/Time.tsx'
import css from './ConnectSessions.module.css'
import { firstCall } from './first-call.ts'

const EVERYWHERE = ''
const targetOf = (folder: string): HookTarget =>
  folder === EVERYWHERE ? { scope: 'user', path: null } : { scope: 'project', path: folder }

/** Which settings: those of the person, or of one project. */
function Where({ folder, onFolder }: { readonly folder: string; readonly onFolder: (path: string) => void }) {
  const workspaces = useSnapshot((all) => all.workspaces)
  const folders = workspaces.filter(isFolder)
  return (
    <label className={css.where}>
      <span>For</span>
      <select value={folder} onChange={(event) => onFolder(event.target.value)}>
        <option value={EVERYWHERE}>all my projects</option>
        {folders.map(({ path, name }) => (
          <option key={path} value={path}>
            {showInvisible(name)}
          </option>
        ))}
      </select>
    </label>
  )
}

const KINDS: Readonly<Record<string, string | undefined>> = { '+': css.added, '-': css.gone }

function Diff({ preview }: { readonly preview: HookPreview }) {
  return (
    <figure>
      <figcaption className={css.file}>
        What is written into <Foreign text={preview.file} className={css.code} />
      </figcaption>
      <pre className={css.diff} tabIndex={0} role="region" aria-label="What is written">
        {preview.diff.split('\n').map((line, at) => (
          <span key={at} className={KINDS[line.charAt(0)]}>
            {showInvisible(line)}
            {'\n'}
          </span>
        ))}
      </pre>
    </figure>
  )
}

/** Green as soon as a session calls. */
function FirstCall({ since }: { readonly since: number | null }) {
  const sessions = useSnapshot((all) => all.sessions)
  const seen = firstCall(sessions, since)
  const session = seen?.session
  useEffect(() => {
    if (session !== undefined) say(`Connected: ${session} called.`)
  }, [session])
  if (!seen)
    return (
      <p className={css.waiting}>
        <Loader size={16} aria-hidden="true" className={css.turning} />
        <span>
          <strong>Waiting for the first call…</strong> Start a session of Claude Code: one that runs already
          reads its hooks at its next start.
        </span>
      </p>
    )
  return (
    <p className={css.seen}>
      <CircleCheck size={16} aria-hidden="true" />
      <span>
        <strong>
          <Foreign text={seen.session} /> {seen.isHook ? 'called' : 'is at work'}
        </strong>{' '}
        <Time at={seen.at} pace="fast" />
      </span>
    </p>
  )
}

export function ConnectSessions() {
  const acts = useActs()
  const [folder, setFolder] = useState(EVERYWHERE)
  const canAsk = useCanAct()
  const [got, setGot] = useState<{
    readonly folder: string
    readonly answer: CommandResult<'hooks.preview'>
  }>()
  const [wroteAt, setWroteAt] = useState<number | null>(null)
  const [isBusy, setBusy] = useState(false)

  useEffect(() => {
    let isGone = false
    void acts.readOr('hooks.preview', targetOf(folder)).then((answer) => {
      if (!isGone) setGot({ folder, answer })
    })
    return () => void (isGone = true)
  }, [acts, folder, canAsk])

  const isThere = got?.folder === folder
  const preview = isThere && got.answer.ok ? got.answer.value : undefined
  const error = isThere && !got.answer.ok ? got.answer.error : undefined
  const install = async (): Promise<void> => {
    setBusy(true)
    const at = Date.now()
    const done = await acts.run('hooks.install', targetOf(folder))
    setBusy(false)
    if (!done) return
    setWroteAt(at)
    setGot({ folder, answer: { ok: true, value: done } })
    say('The hooks are written. Waiting for the first call.')
  }
  return (
    <div className={css.connect}>
      <p>
        Hooks in Claude Code&apos;s settings send what a session queued at its start, tell it of unread
        messages, ask before it edits a file that another session holds, and release its locks at its end.
      </p>
      <Where folder={folder} onFolder={setFolder} />
      {error?.code === 'failed' && <p>How these settings are cannot be read now.</p>}
      {error !== undefined && error.code !== 'failed' && (
        <p>
          They cannot be written from here. In a project folder, <code>coord hook install</code> shows the
          change and writes it.
        </p>
      )}
      {preview && !preview.isInstalled && (
        <>
          <Diff preview={preview} />
          <div>
            <Button look="primary" aria-disabled={isBusy} onClick={() => void (isBusy || install())}>
              Write the hooks
            </Button>
          </div>
        </>
      )}
      {preview?.isInstalled && (
        <p>
          The hooks are in place, in <Foreign text={preview.file} className={css.code} />.
        </p>
      )}
      {preview?.isInstalled && <FirstCall since={wroteAt} />}
    </div>
  )
}
