/** A new message: from, to or to all, project, subject, text. What was begun is kept until it is sent. */
import { useEffect, useId, useMemo, useRef, useState } from 'react'
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

interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly onText: (text: string) => void
  /** In characters. */
  readonly most: number
  readonly isBusy: boolean
  readonly isRequired?: boolean
  readonly isOff?: boolean
  readonly placeholder?: string
  readonly listId?: string
}

function TextField({ label, value, onText, most, isBusy, ...props }: TextFieldProps) {
  const id = useId()
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        required={props.isRequired}
        disabled={props.isOff}
        maxLength={most}
        placeholder={props.placeholder}
        list={props.listId}
        value={value}
        readOnly={isBusy}
        onChange={(event) => onText(event.target.value)}
      />
    </div>
  )
}

function BodyField({ value, onText, isBusy }: Pick<TextFieldProps, 'value' | 'onText' | 'isBusy'>) {
  const id = useId()
  return (
    <div className={css.field}>
      <label htmlFor={id}>Message</label>
      <textarea
        id={id}
        rows={8}
        maxLength={100_000}
        dir="auto"
        value={value}
        readOnly={isBusy}
        onChange={(event) => onText(event.target.value)}
      />
    </div>
  )
}

/** What was begun, kept over views and a reload, and how it is sent. */
function useNewMessage(onSent: () => void) {
  const acts = useActs()
  const own = `${useSnapshot((all) => all.machine.name)}/coord`
  const here = useRoute().project ?? ''
  const [from, setFrom] = useDraft('new from')
  const [to, setTo] = useDraft('new to')
  const [isAll, setAll] = useDraft('new to all')
  const [inProject, setInProject] = useDraft('new project')
  const [subject, setSubject] = useDraft('new subject')
  const [body, setBody] = useDraft('new body')
  const [isBusy, setBusy] = useState(false)
  const isBroadcast = isAll === 'yes'
  const project = inProject || here
  const sendIt = async (): Promise<void> => {
    if (isBusy) return
    setBusy(true)
    const draft = {
      from: (from || own).trim(),
      to: isBroadcast ? null : to.trim(),
      project: project.trim(),
      subject: subject.trim(),
      body,
    }
    const isSent = await send(draft, acts)
    setBusy(false)
    if (!isSent) return
    for (const empty of [setFrom, setTo, setAll, setInProject, setSubject, setBody]) empty('')
    onSent()
  }
  return {
    ...{ from, setFrom, own, to, setTo, isBroadcast, setAll, project, setInProject },
    ...{ subject, setSubject, body, setBody, isBusy, sendIt },
  }
}

type NewMessage = ReturnType<typeof useNewMessage>

/** For whom it is: one session, or all. */
function ToWhom({ to, setTo, isBroadcast, setAll, isBusy }: NewMessage) {
  const names = useNames()
  const listId = useId()
  return (
    <>
      <TextField
        label="To (MACHINE/NAME)"
        value={isBroadcast ? '' : to}
        onText={setTo}
        most={400}
        isBusy={isBusy}
        isRequired={!isBroadcast}
        isOff={isBroadcast}
        listId={listId}
      />
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
    </>
  )
}

export function Composer({ onSent }: { readonly onSent: () => void }) {
  const message = useNewMessage(onSent)
  const { from, setFrom, own, project, setInProject, subject, setSubject, body, setBody, isBusy } = message
  const form = useRef<HTMLFormElement>(null)
  // A broadcast that was begun before has no one that it is for.
  useEffect(() => form.current?.querySelector<HTMLElement>('input:not(:disabled)')?.focus(), [])
  return (
    <form
      ref={form}
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        void message.sendIt()
      }}
    >
      <ToWhom {...message} />
      <TextField label="From" value={from} onText={setFrom} most={400} isBusy={isBusy} placeholder={own} />
      <TextField
        label="Project"
        value={project}
        onText={setInProject}
        most={200}
        isBusy={isBusy}
        isRequired
      />
      <TextField label="Subject" value={subject} onText={setSubject} most={500} isBusy={isBusy} isRequired />
      <BodyField value={body} onText={setBody} isBusy={isBusy} />
      <div className={css.acts}>
        <span className={css.note}>What you write is kept while this window is open.</span>
        <Button type="submit" look="primary" aria-disabled={isBusy}>
          Send
        </Button>
      </div>
    </form>
  )
}
