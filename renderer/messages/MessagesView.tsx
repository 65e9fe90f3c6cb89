/** Messages as conversations: the list of them at the left, the one that is read at the right with its answer below. */
import { useMemo, useState } from 'react'
import { useDraft } from '../data/drafts.ts'
import { go, useActs, useRoute, useSnapshot } from '../data/window.ts'
import { counted, toCount } from '../../shared/text.ts'
import { Button } from '../parts/Button.tsx'
import { Chip, Project } from '../parts/Chip.tsx'
import { Empty } from '../parts/Empty.tsx'
import { Filter } from '../parts/Filter.tsx'
import { focusAfter, focusHeading } from '../parts/focus.ts'
import { List } from '../parts/List.tsx'
import { ListDetail } from '../parts/ListDetail.tsx'
import { NothingFits } from '../parts/NothingFits.tsx'
import { View } from '../parts/View.tsx'
import { quote } from './answer.ts'
import { AnswerBox, focusAnswer } from './AnswerBox.tsx'
import { Composer } from './Composer.tsx'
import { entryOf, narrow, toConversations, type Conversation, type Letter } from './conversations.ts'
import { ConversationRow, Ends } from './ConversationRow.tsx'
import css from './MessagesView.module.css'
import { Thread } from './Thread.tsx'
import { useBodies } from './use-bodies.ts'
import { useLetters } from './use-letters.ts'

/** The address of a message that is being written. */
const NEW = 'new'
const MOST_SEEN = 10_000

/** All conversations; what had something new when the view came up stays where it is. */
function useConversations(all: ReadonlyMap<string, Letter>): readonly Conversation[] {
  const machine = useSnapshot((snapshot) => snapshot.machine)
  const [kept, setKept] = useState<ReadonlySet<string>>(new Set())
  const found = useMemo(() => toConversations(all.values(), machine, kept), [all, machine, kept])
  const fresh = found.filter((one) => one.unseen > 0 && !kept.has(one.key))
  if (fresh.length > 0) setKept(new Set([...kept, ...fresh.map((one) => one.key)]))
  return found
}

interface SubProps {
  readonly conversations: readonly Conversation[]
  /** All unread ones are there. */
  readonly hasUnread: boolean
}

function Sub({ conversations, hasUnread }: SubProps) {
  const hasRead = useSnapshot((all) => all.readAt !== null)
  if (!hasRead) return 'Not read yet'
  const unseen = conversations.reduce((sum, one) => sum + one.unseen, 0)
  if (!hasUnread) return `${toCount(unseen)} new to you so far, reading…`
  return unseen === 0 ? 'Nothing new to you' : `${toCount(unseen)} new to you`
}

function Tools({
  filter,
  onFilter,
  shown,
}: {
  readonly filter: string
  readonly onFilter: (text: string) => void
  readonly shown: readonly Conversation[]
}) {
  const acts = useActs()
  const unreadable = useSnapshot((all) => all.messagesUnreadable)
  const unseen = shown.flatMap((one) => one.letters.filter((letter) => letter.isNew).map(({ id }) => id))
  return (
    <>
      <Filter label="Filter messages" value={filter} onChange={onFilter} />
      {unreadable > 0 && <Chip tone="amber">{counted(unreadable, 'row')} could not be read</Chip>}
      {unseen.length > 0 && (
        <Button
          look="quiet"
          onClick={() => {
            const ids = unseen.slice(0, MOST_SEEN)
            void acts.run('message.seen', { ids }).then((done) => {
              if (done !== undefined) focusHeading()
            })
          }}
        >
          Seen all
        </Button>
      )}
      <Button isLocal onClick={() => go({ id: NEW })}>
        <span>
          New<span className={css.long}> message</span>
        </span>
      </Button>
    </>
  )
}

function Nothing({ isWhole }: { readonly isWhole: boolean }) {
  const hasRead = useSnapshot((all) => all.readAt !== null)
  const machine = useSnapshot((all) => all.machine.name)
  if (!hasRead)
    return (
      <Empty title="Not read yet">
        <p>The API has not answered. Messages appear here as soon as it does.</p>
      </Empty>
    )
  if (!isWhole) return <Empty title="Reading…" />
  return (
    <Empty title={`No messages for the sessions of ${machine}`}>
      <p>A message that another session sends appears here.</p>
      <Button isLocal onClick={() => go({ id: NEW })}>
        Write one
      </Button>
    </Empty>
  )
}

/** What to say of an address that names no message that is listed; null: it names one, or none at all. */
function useMissing(id: string | null, isListed: boolean, isWhole: boolean): string | null {
  const isMissing = id !== null && id !== NEW && !isListed
  const body = useBodies(isMissing ? [id] : []).get(id ?? '')
  if (!isMissing) return null
  if (body === 'failed') return 'Whether it is kept cannot be read now.'
  if (body === undefined || !isWhole) return 'Reading…'
  // a text that was read before may be kept by this window alone: that the engine has it is not said
  return body === 'gone' ? 'This message is not kept here any more.' : 'This message is not listed.'
}

/** The thread with its answer; a draft for each conversation. */
function useThread(open: Conversation | undefined, target: string, onSent: () => void) {
  const [text, setText] = useDraft(`answer ${open?.key ?? ''}`)
  const [picked, setPicked] = useState<Letter | null>(null)
  if (!open) return null
  return {
    key: open.key,
    title: (
      <>
        <Ends other={open.other} own={open.own} />
        <span className={css.project}>
          <Project name={open.project} />
        </span>
      </>
    ),
    body: (
      <Thread
        conversation={open}
        target={target}
        onQuote={(letter, body) => {
          focusAfter(() => {
            setPicked(letter)
            setText(quote(body, text))
          }, focusAnswer)
        }}
      />
    ),
    acts: (
      <AnswerBox
        conversation={open}
        picked={picked !== null && open.letters.some((one) => one.id === picked.id) ? picked : null}
        onUnpick={() => setPicked(null)}
        text={text}
        onText={setText}
        onSent={onSent}
      />
    ),
  }
}

/** What is listed, and what the address names, whatever the list is narrowed to. */
function useConversationRows(sent: number, filter: string, onAll: () => void) {
  const { all, isWhole, hasUnread } = useLetters(sent)
  const conversations = useConversations(all)
  const { id, project } = useRoute()
  const shown = useMemo(() => narrow(conversations, project, filter), [conversations, project, filter])
  const open = useMemo(
    () =>
      id === null || !all.has(id)
        ? undefined
        : conversations.find((one) => one.letters.some((letter) => letter.id === id)),
    [id, all, conversations],
  )
  const missing = useMissing(id, open !== undefined, isWhole)
  const onShow = (): void => {
    onAll()
    go({ id, project: null }, 'replace')
  }
  const isHidden = open !== undefined && !shown.some((one) => one.key === open.key)
  return {
    conversations,
    shown,
    open,
    isWhole,
    hasUnread,
    missing,
    hidden: isHidden ? { why: 'The list is narrowed, and does not show it.', onShow } : null,
  }
}

export function MessagesView() {
  const [sent, setSent] = useState(0)
  const [filter, setFilter] = useState('')
  const { id } = useRoute()
  const { conversations, shown, open, isWhole, hasUnread, missing, hidden } = useConversationRows(
    sent,
    filter,
    () => setFilter(''),
  )
  const onSent = (): void => setSent((was) => was + 1)
  const thread = useThread(open, id ?? '', onSent)
  const composer = {
    key: NEW,
    title: 'New message',
    body: (
      <Composer
        onSent={() => {
          onSent()
          go({ id: null })
        }}
      />
    ),
  }
  const detail = id === NEW ? composer : thread
  const list =
    conversations.length > 0 && shown.length === 0 ? (
      <NothingFits one="conversation" filter={filter} onFilter={setFilter} isReading={!isWhole} />
    ) : (
      <List
        label="Conversations"
        rows={shown}
        isPart={!isWhole}
        keyOf={(one) => one.key}
        draw={(one) => <ConversationRow conversation={one} />}
        openKey={open?.key ?? null}
        onOpen={(one) => go({ id: entryOf(one) })}
        onKey={(one, key) => {
          if (key.toLowerCase() !== 'a') return false
          if (one.key === open?.key) focusAnswer()
          else focusAfter(() => go({ id: entryOf(one) }), focusAnswer)
          return true
        }}
        newWords={(count) => `${toCount(count)} new`}
      />
    )
  return (
    <View
      title="Messages"
      sub={<Sub conversations={conversations} hasUnread={hasUnread} />}
      tools={<Tools filter={filter} onFilter={setFilter} shown={shown} />}
    >
      {conversations.length === 0 && detail === null && missing === null ? (
        <Nothing isWhole={isWhole} />
      ) : (
        <ListDetail
          isReading
          list={list}
          detail={detail}
          nothing="Choose a conversation to read it."
          missing={missing}
          hidden={hidden}
          onClose={() => go({ id: null })}
          onKey={(key) => {
            if (key.toLowerCase() !== 'a' || !open) return false
            focusAnswer()
            return true
          }}
        />
      )}
    </View>
  )
}
