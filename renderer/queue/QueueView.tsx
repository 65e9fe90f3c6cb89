/** The queue by workspace: waiting, sending, set aside, skipped, delivered lately. */
import { useState } from 'react'
import type { Call } from '../../shared/call.ts'
import type { AppSnapshot, CallRow, WorkspaceView } from '../../shared/snapshot.ts'
import type { Acts } from '../data/acts.ts'
import { Dialog } from '../parts/Dialog.tsx'
import { Time } from '../parts/Time.tsx'
import { useAsked } from '../data/use-asked.ts'
import { VirtualList } from '../parts/VirtualList.tsx'
import { toOtherForm } from './other-form.ts'
import { copyText } from '../copy.ts'
import { counted } from '../../shared/text.ts'
import { toCurl } from '../../shared/curl.ts'
import {
  describeOwner,
  describeReason,
  explainLine,
  isOnlyEditable,
  shortPath,
  toRawText,
  toReadable,
} from '../words.ts'
import type { ViewProps } from '../parts/view.ts'

type End = 'set-aside' | 'skipped'
type Section = End | 'waiting' | 'lately'
/** Calls that were asked for beyond the snapshot's newest, by workspace and end. */
type More = ReadonlyMap<string, readonly CallRow[]>

type Row =
  | { readonly kind: 'workspace'; readonly key: string; readonly workspace: WorkspaceView }
  | {
      readonly kind: 'section'
      readonly key: string
      readonly section: Section
      readonly count: number
      readonly workspace: WorkspaceView
      readonly isOpen: boolean
    }
  | { readonly kind: 'ended'; readonly key: string; readonly end: End; readonly call: CallRow }
  | { readonly kind: 'next'; readonly key: string; readonly next: WorkspaceView['next'][number] }
  | { readonly kind: 'lately'; readonly key: string; readonly late: WorkspaceView['lately'][number] }
  | {
      readonly kind: 'rest'
      readonly key: string
      readonly text: string
      readonly end: End | null
      readonly path: string
    }

/** What one answer lists at most. */
const LISTED = 1000

const TITLES: Readonly<Record<Section, string>> = {
  waiting: 'Waiting',
  'set-aside': 'Set aside',
  skipped: 'Skipped',
  lately: 'Delivered lately',
}
/** What needs a person or is under way is open at first. */
const isOpenAtFirst = (section: Section): boolean => section === 'waiting' || section === 'set-aside'

/** One flat list, so that all of it is drawn only where it is seen. */
function toRows(snapshot: AppSnapshot, toggled: ReadonlySet<string>, more: More): readonly Row[] {
  const rows: Row[] = []
  for (const workspace of snapshot.workspaces) {
    const { path } = workspace
    rows.push({ kind: 'workspace', key: path, workspace })
    const open = (section: Section, count: number): boolean => {
      if (count === 0) return false
      const key = `${path}\n${section}`
      const isOpen = isOpenAtFirst(section) !== toggled.has(key)
      rows.push({ kind: 'section', key, section, count, workspace, isOpen })
      return isOpen
    }
    const ended = (end: End, count: number, newest: readonly CallRow[]): void => {
      if (!open(end, count)) return
      const key = `${path}\n${end}`
      const known = new Set(newest.map((call) => call.id))
      // What was asked for may have ended meanwhile: only the snapshot's number is the truth.
      const calls = [...newest, ...(more.get(key) ?? []).filter((call) => !known.has(call.id))].slice(
        0,
        count,
      )
      for (const call of calls) rows.push({ kind: 'ended', key: `${key}\n${call.id}`, end, call })
      if (count > calls.length) {
        const text = `${counted(count - calls.length, 'older call')}${calls.length > newest.length ? ' not shown' : ''}`
        rows.push({ kind: 'rest', key: `${key}\nrest`, text, end, path })
      }
    }
    ended('set-aside', workspace.setAsideCount, workspace.setAside)
    if (open('waiting', workspace.waiting)) {
      workspace.next.forEach((next, at) => rows.push({ kind: 'next', key: `${path}\nnext\n${at}`, next }))
      const rest = workspace.waiting - workspace.next.length
      if (rest > 0) {
        rows.push({
          kind: 'rest',
          key: `${path}\nnext\nrest`,
          text: `and ${counted(rest, 'more call')}, in order`,
          end: null,
          path,
        })
      }
    }
    ended('skipped', workspace.skippedCount, workspace.skipped)
    if (open('lately', workspace.lately.length)) {
      for (const late of workspace.lately)
        rows.push({ kind: 'lately', key: `${path}\nlately\n${late.id}`, late })
    }
  }
  return rows
}

function CallName({ method, path, preview }: Pick<CallRow, 'method' | 'path' | 'preview'>) {
  if (method === null || path === null) return <code className="clip">{preview || '(empty line)'}</code>
  return (
    <code className="clip" title={`${method} ${path}`}>
      <b>{method}</b> {shortPath(path)}
    </code>
  )
}

function EditDialog({ call, acts, onClose }: { call: Call; acts: Acts; onClose: () => void }) {
  const { text, isText } = toRawText(call.raw)
  const [line, setLine] = useState(() => (isText ? toReadable(text) : ''))
  const [isBusy, setBusy] = useState(false)
  const fault = explainLine(line)
  const save = async (): Promise<void> => {
    setBusy(true)
    const oneLine = JSON.stringify(JSON.parse(line))
    const done = await acts.run(
      'queue.edit',
      { id: call.id, line: oneLine },
      'The edited call waits to be sent.',
    )
    setBusy(false)
    if (done !== undefined) onClose()
  }
  return (
    <Dialog title="Edit this call" onCancel={onClose}>
      <p className="muted">{describeReason(call)} The edited call is sent as a new one; the old one ends.</p>
      <label className="field">
        The call, as JSON
        <textarea
          data-focus
          className="code"
          rows={12}
          spellCheck={false}
          value={line}
          aria-invalid={fault !== undefined}
          aria-describedby="edit-fault"
          onChange={(event) => setLine(event.target.value)}
        />
      </label>
      <p id="edit-fault" className="fault" role="status">
        {fault ?? ''}
      </p>
      <div className="actions end">
        <button onClick={onClose}>Cancel</button>
        <button className="primary" disabled={fault !== undefined || isBusy} onClick={() => void save()}>
          Save and send
        </button>
      </div>
    </Dialog>
  )
}

interface EndedCallProps {
  readonly call: CallRow
  readonly end: End
  readonly isOpen: boolean
  readonly tabIndex: 0 | -1
  readonly snapshot: AppSnapshot
  readonly now: number
  readonly acts: Acts
  readonly onToggle: () => void
  readonly onEdit: (call: Call) => void
}

const nameOf = (call: CallRow): string =>
  call.method && call.path ? `${call.method} ${call.path}` : call.preview

function EndedCall(props: EndedCallProps) {
  const { call, end, isOpen, tabIndex, onToggle } = props
  return (
    <div className={`entry ${end}`}>
      <button className="entry-main" data-main tabIndex={tabIndex} aria-expanded={isOpen} onClick={onToggle}>
        <CallName {...call} />
        <span className="reason">{describeReason(call)}</span>
        {call.ts && (
          <span className="muted when">
            <Time at={call.ts} />
          </span>
        )}
      </button>
      {isOpen && <EndedDetails {...props} />}
    </div>
  )
}

/** The bytes of a call, asked for when it is opened, and what can be done with it. */
function EndedDetails({ call, end, snapshot, acts, onEdit }: EndedCallProps) {
  const whole = useAsked(acts, 'queue.show', { id: call.id }, call.id)
  const { text, isText } = toRawText(whole?.raw ?? '')
  const curl = whole && toCurl(whole, snapshot.apiUrl)
  const other = whole && end === 'set-aside' ? toOtherForm(whole) : undefined
  const discard = async (): Promise<void> => {
    const isSure = await acts.ask({
      title: 'Discard this call?',
      text: 'Its bytes are deleted for good and it is never sent.',
      names: [nameOf(call)],
      act: 'Discard',
      isDanger: true,
    })
    if (isSure) await acts.run('queue.discard', { ids: [call.id] }, 'Discarded.')
  }
  const copy = async (line: string): Promise<void> => {
    if (await copyText(line)) acts.tell('done', 'Copied. It sends the call when you run it.')
    else acts.tell('error', `It could not be copied. Select it here: ${line}`)
  }
  return (
    <div className="entry-more">
      {!isText && <p className="muted">These bytes are not UTF-8; unreadable ones show as �.</p>}
      <pre tabIndex={0} aria-label="The call as it was queued" role="region">
        {whole === undefined ? '…' : toReadable(text.slice(0, 20_000))}
        {text.length > 20_000 ? '\n…' : ''}
      </pre>
      <div className="actions">
        {!isOnlyEditable(call) && (
          <button onClick={() => void acts.run('queue.send', { ids: [call.id] }, 'Waits to be sent.')}>
            Send anyway
          </button>
        )}
        {other && (
          <button
            onClick={() =>
              void acts.run('queue.edit', { id: call.id, line: other }, 'Waits to be sent in the other form.')
            }
          >
            Send in the other form
          </button>
        )}
        <button disabled={whole === undefined} onClick={() => whole && onEdit(whole)}>
          Edit…
        </button>
        {curl && <button onClick={() => void copy(curl)}>Copy as curl</button>}
        <button className="danger" onClick={() => void discard()}>
          Discard…
        </button>
      </div>
    </div>
  )
}

export function QueueView({ snapshot, now, acts, show }: ViewProps) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const [openCall, setOpenCall] = useState<string | null>(null)
  const [edited, setEdited] = useState<Call | null>(null)
  const [more, setMore] = useState<More>(new Map())
  const rows = toRows(snapshot, toggled, more)
  const isOnline = snapshot.connection.state === 'online'

  const toggle = (key: string): void =>
    setToggled((was) => {
      const next = new Set(was)
      if (!next.delete(key)) next.add(key)
      return next
    })
  const list = (workspace: string, end: End): Promise<readonly CallRow[] | undefined> =>
    acts.run('queue.list', { workspace, end, limit: LISTED }).then((got) => got?.calls)

  const flush = (workspace: string | null): void =>
    void acts.run('queue.flush', { workspace }, (sum) => {
      const parts = [`${counted(sum.delivered, 'call')} delivered`]
      if (sum.setAside > 0) parts.push(`${sum.setAside} set aside`)
      if (sum.skipped > 0) parts.push(`${sum.skipped} skipped`)
      if (sum.waiting > 0) parts.push(`${sum.waiting} still waiting`)
      return `${parts.join(', ')}.`
    })

  /** More than can be listed: by their number, in their order, without their names. */
  const actOnVeryMany = async (
    act: 'send' | 'discard',
    workspace: WorkspaceView,
    end: End,
    count: number,
  ): Promise<void> => {
    const isSure = await acts.ask({
      title: act === 'send' ? `Send ${counted(count, 'call')} anyway?` : `Discard ${counted(count, 'call')}?`,
      text:
        act === 'send'
          ? `All of ${workspace.name}, in order, as they are. Those that can only be edited stay here.`
          : `All of ${workspace.name}: their bytes are deleted for good and they are never sent.`,
      act: act === 'send' ? 'Send all' : 'Discard all',
      isDanger: act === 'discard',
    })
    if (!isSure) return
    await acts.run('queue.all', { workspace: workspace.path, end, act }, ({ done, left }) => {
      const what = act === 'send' ? 'to be sent' : 'discarded'
      return `${counted(done, 'call')} ${what}${left > 0 ? `, ${left.toLocaleString('en-US')} stay` : ''}.`
    })
  }

  /** All calls of one end of one workspace: what is concerned is asked for at that moment, and named. */
  const actOnAll = async (act: 'send' | 'discard', workspace: WorkspaceView, end: End): Promise<void> => {
    const count = end === 'set-aside' ? workspace.setAsideCount : workspace.skippedCount
    if (count > LISTED) return actOnVeryMany(act, workspace, end, count)
    const calls = await list(workspace.path, end)
    if (!calls) return
    const fit = act === 'send' ? calls.filter((call) => !isOnlyEditable(call)) : calls
    if (fit.length === 0) return acts.tell('error', 'None of these can be sent as they are. Edit them first.')
    const left = calls.length - fit.length
    const isSure = await acts.ask({
      title:
        act === 'send'
          ? `Send ${counted(fit.length, 'call')} anyway?`
          : `Discard ${counted(fit.length, 'call')}?`,
      text:
        act === 'send'
          ? `They are sent in order, as they are.${left > 0 ? ` ${counted(left, 'call')} can only be edited and stay here.` : ''}`
          : 'Their bytes are deleted for good and they are never sent.',
      names: fit.map(nameOf),
      act: act === 'send' ? 'Send all' : 'Discard all',
      isDanger: act === 'discard',
    })
    if (!isSure) return
    const ids = fit.map((call) => call.id)
    if (act === 'send') await acts.run('queue.send', { ids }, `${counted(ids.length, 'call')} to be sent.`)
    else await acts.run('queue.discard', { ids }, `${counted(ids.length, 'call')} discarded.`)
  }

  if (snapshot.workspaces.length === 0) {
    return (
      <div className="empty">
        <p>No project folder is watched yet.</p>
        <p>
          Add one in Settings, or run <code>coord enqueue</code> or <code>coord hook install</code> in a
          project.
        </p>
        <button onClick={() => show('settings')}>Open Settings</button>
      </div>
    )
  }

  const draw = (row: Row, tabIndex: 0 | -1) => {
    switch (row.kind) {
      case 'workspace': {
        const { workspace } = row
        const owner = describeOwner(workspace.owner)
        const isQuiet =
          workspace.waiting + workspace.setAsideCount + workspace.skippedCount + workspace.lately.length === 0
        return (
          <div className="group">
            <div className="group-head">
              <h2 className="clip" title={workspace.path}>
                {workspace.name}
              </h2>
              {workspace.waiting > 0 && (
                <button onClick={() => flush(workspace.path)} aria-label={`Flush ${workspace.name} now`}>
                  Flush now
                </button>
              )}
            </div>
            <p className="muted clip">{workspace.path}</p>
            {workspace.problem && <p className="fault">{workspace.problem}</p>}
            {owner && <p className="muted">{owner}</p>}
            {workspace.sending && (
              <p className="sending">
                <span className="pulse" aria-hidden="true" /> Sending{' '}
                <CallName {...workspace.sending} preview="" />
              </p>
            )}
            {workspace.sending && workspace.delivered > 0 && workspace.waiting > 0 && (
              <progress
                aria-label={`Progress of ${workspace.name}`}
                max={workspace.delivered + workspace.waiting}
                value={workspace.delivered}
              />
            )}
            {isQuiet && <p className="muted">Nothing waits here, and nothing was delivered lately.</p>}
          </div>
        )
      }
      case 'section': {
        const { section, workspace, count, isOpen } = row
        const isEnd = section === 'set-aside' || section === 'skipped'
        return (
          <div className={`section-head ${section}`}>
            <button
              className="quiet fold"
              data-main
              tabIndex={tabIndex}
              aria-expanded={isOpen}
              onClick={() => toggle(row.key)}
            >
              <span className="fold-mark" aria-hidden="true" />
              {TITLES[section]} <span className="count">{count.toLocaleString('en-US')}</span>
              <span className="hidden"> in {workspace.name}</span>
            </button>
            {isEnd && isOpen && (
              <span className="actions">
                <button className="small" onClick={() => void actOnAll('send', workspace, section)}>
                  Send all…
                </button>
                <button className="small danger" onClick={() => void actOnAll('discard', workspace, section)}>
                  Discard all…
                </button>
              </span>
            )}
          </div>
        )
      }
      case 'ended':
        return (
          <EndedCall
            call={row.call}
            end={row.end}
            isOpen={openCall === row.key}
            tabIndex={tabIndex}
            snapshot={snapshot}
            now={now}
            acts={acts}
            onToggle={() => setOpenCall(openCall === row.key ? null : row.key)}
            onEdit={setEdited}
          />
        )
      case 'next':
        return (
          <div className="entry flat">
            <CallName {...row.next} />
            {row.next.ts && (
              <span className="muted when">
                <Time at={row.next.ts} />
              </span>
            )}
          </div>
        )
      case 'lately':
        return (
          <div className="entry flat">
            <CallName method={row.late.method} path={row.late.path} preview="" />
            <span className="muted when">
              {row.late.note && `${row.late.note} · `}
              <Time at={row.late.at} />
            </span>
          </div>
        )
      case 'rest': {
        const { end, path } = row
        const isAsked = end !== null && more.has(`${path}\n${end}`)
        return (
          <div className="entry flat muted">
            {row.text}
            {end !== null && !isAsked && (
              <button
                className="small"
                onClick={() =>
                  void list(path, end).then(
                    (calls) => calls && setMore((was) => new Map(was).set(`${path}\n${end}`, calls)),
                  )
                }
              >
                Show them
              </button>
            )}
          </div>
        )
      }
    }
  }

  return (
    <div className="view">
      <div className="toolbar">
        <p className="muted">
          {counted(snapshot.totals.waiting, 'call')} waiting ·{' '}
          {snapshot.totals.setAside.toLocaleString('en-US')} set aside
        </p>
        {isOnline ? (
          <button disabled={snapshot.totals.waiting === 0} onClick={() => flush(null)}>
            Flush all now
          </button>
        ) : (
          <button onClick={() => void acts.run('connection.retry', null, 'Asked again.')}>Retry now</button>
        )}
      </div>
      <VirtualList
        label="Calls, by workspace"
        rows={rows}
        keyOf={(row) => row.key}
        hasMain={(row) => row.kind === 'section' || row.kind === 'ended'}
        estimatePx={48}
        draw={draw}
      />
      {edited && <EditDialog call={edited} acts={acts} onClose={() => setEdited(null)} />}
    </div>
  )
}
