/** Why a call is where it is, its bytes with the faulty field marked, and what can be done with it. */
import type { Call } from '../../shared/call.ts'
import { showInvisible } from '../../shared/text.ts'
import { canActIn } from '../data/can-send.ts'
import { toHash } from '../data/routes.ts'
import { useSnapshot } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { Chip, Project } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Sentence } from '../parts/Sentence.tsx'
import { Time } from '../parts/Time.tsx'
import { describeReason, toRawText } from '../words.ts'
import { toShownJson, type ShownJson } from './call-json.ts'
import { requestOf, shortSession } from './call-words.ts'
import { describeCause, groupOf, isSaidByApi } from './causes.ts'
import { toOtherForm } from './other-form.ts'
import { canSend } from './queue-acts.ts'
import type { EndedCall, QueueCall } from './queue-rows.ts'
import type { Whole } from './use-call.ts'
import css from './CallDetail.module.css'

/** Longer lines are cut: they are no calls that anybody reads. */
const SHOWN = 20_000

function shownOf(
  whole: Whole,
  field: string | null,
): (ShownJson & { isText: boolean; isCut: boolean }) | null {
  if (typeof whole === 'string') return null
  const { text, isText } = toRawText(whole.raw)
  return { ...toShownJson(text.slice(0, SHOWN), field), isText, isCut: text.length > SHOWN }
}

const UNREAD: Readonly<Record<Extract<Whole, string>, string>> = {
  asking: 'Reading it…',
  gone: 'It has ended meanwhile.',
  unread: 'It cannot be read now.',
}

function Bytes({ whole, field }: { readonly whole: Whole; readonly field: string | null }) {
  const shown = shownOf(whole, field)
  if (shown === null) return <p className={css.muted}>{typeof whole === 'string' ? UNREAD[whole] : ''}</p>
  return (
    <>
      {!shown.isText && <p className={css.muted}>These bytes are no text; unreadable ones show as �.</p>}
      <pre className={css.json} tabIndex={0} role="region" aria-label="The call as it was queued" dir="ltr">
        {shown.lines.map(({ text, mark }, at) =>
          mark === null ? (
            <span key={at}>{`${text}\n`}</span>
          ) : (
            <mark key={at} className={css[mark]}>
              {`${text}\n`}
            </mark>
          ),
        )}
        {shown.isCut && '…'}
      </pre>
    </>
  )
}

/** Who holds what a claim was refused for, with the way to the lock where it is known. */
function Holder({ call }: { readonly call: EndedCall['call'] }) {
  const machine = useSnapshot((all) => all.machine)
  const lock = useSnapshot((all) =>
    all.locks.find(
      ({ resource, session, project }) =>
        resource === call.resource && session === call.holder && project === call.project,
    ),
  )
  const isWhole = useSnapshot((all) => all.locks.length >= all.totals.locks)
  if (call.holder === null) return null
  const name = <Foreign text={shortSession(call.holder, machine)} />
  return (
    <>
      <dt>Held by</dt>
      <dd>
        {lock ? <a href={toHash({ view: 'locks', id: lock.id, project: null })}>{name}</a> : name}
        {lock === undefined && isWhole && (
          <span className={css.muted}> (its lock is not in the list now)</span>
        )}
      </dd>
    </>
  )
}

function Facts({ row }: { readonly row: QueueCall }) {
  const machine = useSnapshot((all) => all.machine)
  const { call, workspace } = row
  const request = requestOf(call)
  return (
    <dl className={css.facts}>
      {request !== null && (
        <>
          <dt>Request</dt>
          <dd>
            <Foreign text={request} className={css.code} />
          </dd>
        </>
      )}
      {row.kind === 'ended' && <Holder call={row.call} />}
      {call.session !== null && (
        <>
          <dt>Session</dt>
          <dd>
            <Foreign text={shortSession(call.session, machine)} />
          </dd>
        </>
      )}
      {call.project !== null && (
        <>
          <dt>Project</dt>
          <dd>
            <Project name={call.project} />
          </dd>
        </>
      )}
      <dt>Folder</dt>
      <dd title={showInvisible(workspace.path)}>
        <Foreign text={workspace.path} />
      </dd>
      <dt>{row.kind === 'late' ? 'Delivered' : 'Queued'}</dt>
      <dd>
        <Time at={call.ts} />
      </dd>
    </dl>
  )
}

export function Why({ row, whole }: { readonly row: QueueCall; readonly whole: Whole }) {
  switch (row.kind) {
    case 'late':
      return (
        <p>
          It was delivered{row.call.note === null ? '.' : ': '}
          {row.call.note !== null && <Foreign text={row.call.note} />}
        </p>
      )
    case 'waiting':
      return <p>It waits for its turn: calls are sent in the order in which they were queued.</p>
    case 'ended': {
      const { call, end } = row
      if (end === 'skipped') return <p>{describeReason(call)}</p>
      const isMissing = shownOf(whole, call.field)?.isMissing ?? null
      return (
        <>
          <p>
            <Sentence words={describeCause(call, isMissing)} />
          </p>
          {isSaidByApi(call) && call.reason !== '' && (
            <blockquote className={css.said}>
              <Foreign text={call.reason} isBlock />
            </blockquote>
          )}
        </>
      )
    }
  }
}

const ENDS = { 'set-aside': 'set aside', skipped: 'skipped', waiting: 'waiting', late: 'delivered' } as const

export function CallDetail({ row, whole }: { readonly row: QueueCall; readonly whole: Whole }) {
  const isEnded = row.kind === 'ended'
  const end = isEnded ? row.end : row.kind
  return (
    <>
      <div className={css.why}>
        <p>
          <Chip tone={end === 'set-aside' ? 'amber' : end === 'late' ? 'green' : 'plain'}>{ENDS[end]}</Chip>
        </p>
        <Why row={row} whole={whole} />
        {isEnded && !canActIn(row.workspace) && (
          <p className={css.muted}>
            Another machine or container sends the calls of this folder: what is to become of this one is
            decided there.
          </p>
        )}
      </div>
      <Facts row={row} />
      {row.kind !== 'late' && <Bytes whole={whole} field={isEnded ? row.call.field : null} />}
    </>
  )
}

export type CallAct = 'send' | 'other' | 'edit' | 'copy' | 'discard'

/** What can be done with a call now, by its key. */
export function actsOfCall(row: QueueCall, whole: Whole): readonly CallAct[] {
  const call: Call | null = typeof whole === 'string' ? null : whole
  const canCopy = call !== null && call.method !== null && call.path !== null && typeof call.raw === 'string'
  if (row.kind === 'late') return []
  if (row.kind === 'waiting') return canCopy ? ['copy'] : []
  const canAct = canActIn(row.workspace)
  return [
    ...(canSend(row) ? (['send'] as const) : []),
    ...(canAct && row.end === 'set-aside' && call && toOtherForm(call) ? (['other'] as const) : []),
    ...(canAct && call ? (['edit'] as const) : []),
    ...(canCopy ? (['copy'] as const) : []),
    ...(canAct ? (['discard'] as const) : []),
  ]
}

export const KEY_OF: Readonly<Record<CallAct, string>> = {
  send: 'R',
  other: 'O',
  edit: 'E',
  copy: 'C',
  discard: 'D',
}
const LABELS: Readonly<Record<CallAct, string>> = {
  send: 'Send again',
  other: 'Send in the other form',
  edit: 'Edit',
  copy: 'Copy as curl',
  discard: 'Discard',
}

export function CallActs({
  row,
  whole,
  onAct,
}: {
  readonly row: QueueCall
  readonly whole: Whole
  readonly onAct: (act: CallAct) => void
}) {
  const acts = actsOfCall(row, whole)
  if (acts.length === 0) return null
  const isFaulty = row.kind === 'ended' && row.end === 'set-aside' && groupOf(row.call) === 'field'
  const first = isFaulty || !acts.includes('send') ? 'edit' : 'send'
  return acts.map((act) => (
    <Button
      key={act}
      hint={KEY_OF[act]}
      look={act === first ? 'primary' : act === 'discard' ? 'danger' : 'plain'}
      isLocal={act === 'edit' || act === 'copy'}
      data-act={act}
      onClick={() => onAct(act)}
    >
      {LABELS[act]}
    </Button>
  ))
}
