/** A new message: from, to or to all, project, subject, text. What was begun is kept until it is sent. */
import { useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react'
import { showInvisible } from '../../shared/text.ts'
import { useDraft } from '../data/drafts.ts'
import { useActs, useRoute, useSnapshot } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import css from './Composer.module.css'
import { send } from './message-acts.ts'

const MOST_NAMES = 200

/** What is offered is put into a field as it stands: not with characters in it that nobody sees. */
const canOffer = (name: string): boolean => name !== '' && showInvisible(name) === name

/** Sessions that a message can be for. */
function useNames(): readonly string[] {
  const messages = useSnapshot((all) => all.messages)
  const locks = useSnapshot((all) => all.locks)
  return useMemo(
    () =>
      [
        ...new Set([...messages.map((one) => one.from), ...locks.map((one) => one.session)].filter(canOffer)),
      ].slice(0, MOST_NAMES),
    [messages, locks],
  )
}

function Field({
  label,
  children,
}: {
  readonly label: string
  readonly children: (id: string) => ReactNode
}) {
  const id = useId()
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  )
}

export function Composer({ onSent }: { readonly onSent: () => void }) {
  const acts = useActs()
  const machine = useSnapshot((all) => all.machine.name)
  const project = useRoute().project ?? ''
  const names = useNames()
  const listId = useId()
  const [from, setFrom] = useDraft('new from')
  const [to, setTo] = useDraft('new to')
  const [isAll, setAll] = useDraft('new to all')
  const [inProject, setInProject] = useDraft('new project')
  const [subject, setSubject] = useDraft('new subject')
  const [body, setBody] = useDraft('new body')
  const [isBusy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  // A broadcast that was begun before has no one that it is for.
  useEffect(() => form.current?.querySelector<HTMLElement>('input:not(:disabled)')?.focus(), [])
  const isBroadcast = isAll === 'yes'
  const sendIt = async (): Promise<void> => {
    if (isBusy) return
    setBusy(true)
    const draft = {
      from: (from || `${machine}/coord`).trim(),
      to: isBroadcast ? null : to.trim(),
      project: (inProject || project).trim(),
      subject: subject.trim(),
      body,
    }
    const isSent = await send(draft, acts)
    setBusy(false)
    if (!isSent) return
    for (const empty of [setFrom, setTo, setAll, setInProject, setSubject, setBody]) empty('')
    onSent()
  }
  return (
    <form
      ref={form}
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        void sendIt()
      }}
    >
      <Field label="To (MACHINE/NAME)">
        {(id) => (
          <input
            id={id}
            required={!isBroadcast}
            disabled={isBroadcast}
            maxLength={400}
            list={listId}
            value={isBroadcast ? '' : to}
            readOnly={isBusy}
            onChange={(event) => setTo(event.target.value)}
          />
        )}
      </Field>
      <datalist id={listId}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <label className={css.check}>
        <input
          type="checkbox"
          checked={isBroadcast}
          aria-disabled={isBusy}
          onChange={(event) => isBusy || setAll(event.target.checked ? 'yes' : '')}
        />
        Broadcast: to every session
      </label>
      <Field label="From">
        {(id) => (
          <input
            id={id}
            maxLength={400}
            placeholder={`${machine}/coord`}
            value={from}
            readOnly={isBusy}
            onChange={(event) => setFrom(event.target.value)}
          />
        )}
      </Field>
      <Field label="Project">
        {(id) => (
          <input
            id={id}
            required
            maxLength={200}
            value={inProject || project}
            readOnly={isBusy}
            onChange={(event) => setInProject(event.target.value)}
          />
        )}
      </Field>
      <Field label="Subject">
        {(id) => (
          <input
            id={id}
            required
            maxLength={500}
            value={subject}
            readOnly={isBusy}
            onChange={(event) => setSubject(event.target.value)}
          />
        )}
      </Field>
      <Field label="Message">
        {(id) => (
          <textarea
            id={id}
            rows={8}
            maxLength={100_000}
            dir="auto"
            value={body}
            readOnly={isBusy}
            onChange={(event) => setBody(event.target.value)}
          />
        )}
      </Field>
      <div className={css.acts}>
        <span className={css.note}>What you write is kept while this window is open.</span>
        <Button type="submit" look="primary" aria-disabled={isBusy}>
          Send
        </Button>
      </div>
    </form>
  )
}
