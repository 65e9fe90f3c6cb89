/** Messages to this machine's sessions. Opening one is seen by the person; the session's own flag is another act. */
import { useEffect, useState, type FormEvent } from 'react'
import type { AppSnapshot, MessageView } from '../../shared/snapshot.ts'
import type { Acts } from '../data/acts.ts'
import { Dialog } from '../parts/Dialog.tsx'
import { Time } from '../parts/Time.tsx'
import { useAsked, useWhole } from '../data/use-asked.ts'
import { VirtualList } from '../parts/VirtualList.tsx'
import { counted } from '../../shared/text.ts'
import type { ViewProps } from '../parts/view.ts'

type Row =
  | { readonly kind: 'head'; readonly key: string; readonly title: string; readonly count: number }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly message: MessageView
    }
const keyOfMessage = (id: string): string => `message ${id}`
const newestFirst = (a: MessageView, b: MessageView): number =>
  (b.createdAt ?? '').localeCompare(a.createdAt ?? '')

/** Unseen ones first; one that was opened a moment ago stays where it was. */
function toRows(messages: readonly MessageView[], opened: ReadonlySet<string>): readonly Row[] {
  const isNew = (message: MessageView): boolean =>
    (!message.isSeen && !message.isRead) || opened.has(message.id)
  const sorted = [...messages].sort(newestFirst)
  const rows: Row[] = []
  const add = (title: string, list: readonly MessageView[]): void => {
    if (list.length === 0) return
    rows.push({ kind: 'head', key: title, title, count: list.length })
    for (const message of list) rows.push({ kind: 'message', key: keyOfMessage(message.id), message })
  }
  add('New to you', sorted.filter(isNew))
  add(
    'Seen',
    sorted.filter((message) => !isNew(message)),
  )
  return rows
}

interface Draft {
  readonly from: string
  readonly to: string
  readonly project: string
  readonly subject: string
  readonly isAnswer: boolean
}

function draftOf(snapshot: AppSnapshot, answerTo: MessageView | null): Draft {
  const self = `${snapshot.machine.name}/coord`
  if (!answerTo)
    return { from: self, to: '', project: snapshot.messages[0]?.project ?? '', subject: '', isAnswer: false }
  const subject = /^re:/i.test(answerTo.subject) ? answerTo.subject : `Re: ${answerTo.subject}`
  return {
    from: answerTo.to ?? self,
    to: answerTo.from,
    project: answerTo.project ?? '',
    subject,
    isAnswer: true,
  }
}

function Composer({
  snapshot,
  draft,
  acts,
  onClose,
}: {
  snapshot: AppSnapshot
  draft: Draft
  acts: Acts
  onClose: () => void
}) {
  const [fields, setFields] = useState({ ...draft, body: '', isBroadcast: false })
  const [isBusy, setBusy] = useState(false)
  const sessions = new Set<string>()
  for (const message of snapshot.messages.slice(0, 500)) sessions.add(message.from)
  for (const lock of snapshot.locks.slice(0, 500)) sessions.add(lock.session)
  const set = (change: Partial<typeof fields>): void => setFields((was) => ({ ...was, ...change }))
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const { from, to, project, subject, body, isBroadcast } = fields
    const done = await acts.run(
      'message.send',
      {
        from: from.trim(),
        to: isBroadcast ? null : to.trim(),
        project: project.trim(),
        subject: subject.trim(),
        body,
      },
      (sent) => (sent.queued ? 'Queued: it is sent as soon as the API answers.' : 'Sent.'),
    )
    setBusy(false)
    if (done !== undefined) onClose()
  }
  return (
    <Dialog title={draft.isAnswer ? 'Answer' : 'New message'} onCancel={onClose}>
      <form onSubmit={(event) => void send(event)}>
        <div className="columns">
          <label className="field">
            From
            <input
              required
              maxLength={400}
              value={fields.from}
              onChange={(event) => set({ from: event.target.value })}
            />
          </label>
          <label className="field">
            To (MACHINE/NAME)
            <input
              data-focus={draft.isAnswer ? undefined : true}
              required={!fields.isBroadcast}
              disabled={fields.isBroadcast}
              maxLength={400}
              list="known-sessions"
              value={fields.isBroadcast ? '' : fields.to}
              onChange={(event) => set({ to: event.target.value })}
            />
          </label>
        </div>
        <datalist id="known-sessions">
          {[...sessions].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {!draft.isAnswer && (
          <label className="check">
            <input
              type="checkbox"
              checked={fields.isBroadcast}
              onChange={(event) => set({ isBroadcast: event.target.checked })}
            />
            Broadcast: to every session
          </label>
        )}
        <label className="field">
          Project
          <input
            required
            maxLength={200}
            value={fields.project}
            onChange={(event) => set({ project: event.target.value })}
          />
        </label>
        <label className="field">
          Subject
          <input
            required
            maxLength={500}
            value={fields.subject}
            onChange={(event) => set({ subject: event.target.value })}
          />
        </label>
        <label className="field">
          Message
          <textarea
            rows={6}
            maxLength={100_000}
            data-focus={draft.isAnswer ? true : undefined}
            value={fields.body}
            onChange={(event) => set({ body: event.target.value })}
          />
        </label>
        <div className="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={isBusy}>
            Send
          </button>
        </div>
      </form>
    </Dialog>
  )
}

/** The text of a message, asked for when it is opened. */
function MessageBody({ id, acts }: { id: string; acts: Acts }) {
  const got = useAsked(acts, 'message.get', { id }, id)
  return (
    <div className="body breaks">{got === undefined ? '…' : got.body || 'This message has no text.'}</div>
  )
}

export function MessagesView({ snapshot: first, acts }: ViewProps) {
  const messages = useWhole(acts, 'messages.list', first.messages, first.totals.messages, first.revision)
  const snapshot = { ...first, messages }
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const [openId, setOpenId] = useState<string | null>(null)
  const [draft, setDraft] = useState<Draft | null>(null)
  const [asked, setAsked] = useState<string | null>(null)
  const wish = snapshot.openMessage
  const wished =
    wish === null || wish === asked ? undefined : snapshot.messages.find((message) => message.id === wish)

  // A click on a notification: open its message once, as soon as it is in the list.
  if (wished) {
    setAsked(wished.id)
    setOpenId(wished.id)
    setOpened((was) => new Set(was).add(wished.id))
  }
  const openMessage = openId === null ? undefined : snapshot.messages.find((message) => message.id === openId)
  const unseenId = openMessage && !openMessage.isSeen ? openMessage.id : null
  useEffect(() => {
    if (unseenId !== null) void acts.run('message.seen', { ids: [unseenId] })
  }, [unseenId, acts])

  const rows = toRows(snapshot.messages, opened)
  const unseen = snapshot.messages.filter((message) => !message.isSeen)

  const markRead = async (message: MessageView): Promise<void> => {
    const who = message.to ?? 'every session'
    const isSure = await acts.ask({
      title: `Mark read for ${who}?`,
      text: message.to
        ? `The AI session ${message.to} will then not see this message. You have seen it already; this is only for the session.`
        : 'This is a broadcast. No AI session will then see it any more. You have seen it already; this is only for the sessions.',
      names: [message.subject || 'No subject'],
      act: 'Mark read',
      isDanger: true,
    })
    if (isSure)
      await acts.run('message.read', { id: message.id, session: message.to }, `Marked read for ${who}.`)
  }

  const draw = (row: Row, tabIndex: 0 | -1) => {
    if (row.kind === 'head') {
      return (
        <h2 className="list-head">
          {row.title} <span className="count">{row.count.toLocaleString('en-US')}</span>
        </h2>
      )
    }
    const { message } = row
    const isOpen = openId === message.id
    const isUnseen = !message.isSeen && !message.isRead
    return (
      <div className={`entry message ${isUnseen ? 'unseen' : ''}`}>
        <button
          className="entry-main"
          data-main
          tabIndex={tabIndex}
          aria-expanded={isOpen}
          onClick={() => {
            setOpenId(isOpen ? null : message.id)
            if (isUnseen) setOpened((was) => new Set(was).add(message.id))
          }}
        >
          <span className={isOpen ? 'subject breaks' : 'subject clip'}>
            {isUnseen && <span className="dot" aria-hidden="true" />}
            {isUnseen && <span className="hidden">New: </span>}
            {message.subject || 'No subject'}
          </span>
          <span className="muted clip">
            {message.from}
            {message.project && ` · ${message.project}`}
          </span>
          <span className="muted when">
            <Time at={message.createdAt} />
          </span>
        </button>
        {isOpen && (
          <div className="entry-more">
            <p className="muted breaks">
              To {message.to ?? 'every session (broadcast)'} ·{' '}
              {message.isRead ? 'read by the session' : 'the session has not read it'}
            </p>
            <MessageBody id={message.id} acts={acts} />
            <div className="actions">
              <button onClick={() => setDraft(draftOf(snapshot, message))}>Answer…</button>
              {!message.isRead && (
                <button onClick={() => void markRead(message)}>
                  {message.isBroadcast || !message.to
                    ? 'Mark read for every session…'
                    : 'Mark read for the session…'}
                </button>
              )}
            </div>
          </div>
        )}
      </div>
    )
  }

  return (
    <div className="view">
      <div className="toolbar">
        <p className="muted">
          {unseen.length === 0
            ? 'You have seen them all.'
            : `${counted(unseen.length, 'message')} new to you.`}
          {snapshot.messagesUnreadable > 0 &&
            ` ${counted(snapshot.messagesUnreadable, 'row')} of the API could not be read.`}
        </p>
        <span className="actions">
          {unseen.length > 0 && (
            <button
              onClick={() =>
                void acts.run('message.seen', { ids: unseen.slice(0, 10_000).map((message) => message.id) })
              }
            >
              Seen all
            </button>
          )}
          <button onClick={() => setDraft(draftOf(snapshot, null))}>New message…</button>
        </span>
      </div>
      {rows.length === 0 ? (
        <div className="empty">
          <p>No messages for the sessions of {snapshot.machine.name}.</p>
          <p>
            A message that another session sends appears here and as a notification. “New message…” writes
            one.
          </p>
        </div>
      ) : (
        <VirtualList
          label="Messages"
          rows={rows}
          keyOf={(row) => row.key}
          hasMain={(row) => row.kind === 'message'}
          estimatePx={54}
          draw={draw}
          goTo={asked === null ? null : keyOfMessage(asked)}
        />
      )}
      {draft && <Composer snapshot={snapshot} draft={draft} acts={acts} onClose={() => setDraft(null)} />}
    </div>
  )
}
