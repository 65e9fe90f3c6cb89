/** Messages as conversations: the list of them at the left, the one that is read at the right with its answer below. */
import { useMemo, useState } from 'react'
import { useDraft } from '../data/drafts.ts'
import { go, useActs, useRoute, useSnapshot } from '../data/window.ts'
import { counted, toCount } from '../../shared/text.ts'
import { Button } from '../parts/Button.tsx'
import { Chip, Project } from '../parts/Chip.tsx'
import { Empty } from '../parts/Empty.tsx'
import { Filter } from '../parts/Filter.tsx'
import { focusHeading } from '../parts/focus.ts'
import { List } from '../parts/List.tsx'
import { ListDetail } from '../parts/ListDetail.tsx'
import { View } from '../parts/View.tsx'
import { quote } from './answer.ts'
import { AnswerBox, focusAnswer } from './AnswerBox.tsx'
import { Composer } from './Composer.tsx'
import { entryOf, narrow, toConversations, type Conversation, type Letter } from './conversations.ts'
import { ConversationRow, Ends } from './ConversationRow.tsx'
import css from './MessagesView.module.css'
import { Thread } from './Thread.tsx'
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

function Sub({ conversations }: { readonly conversations: readonly Conversation[] }) {
  const hasRead = useSnapshot((all) => all.readAt !== null)
  if (!hasRead) return 'Not read yet'
  const unseen = conversations.reduce((sum, one) => sum + one.unseen, 0)
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
            void acts.run('message.seen', { ids: unseen.slice(0, MOST_SEEN) })
            focusHeading()
          }}
        >
          Seen all
        </Button>
      )}
      <Button isLocal onClick={() => go({ id: NEW })}>
        New message
      </Button>
    </>
  )
}

function Nothing({ isFiltered, isWhole }: { readonly isFiltered: boolean; readonly isWhole: boolean }) {
  const hasRead = useSnapshot((all) => all.readAt !== null)
  const machine = useSnapshot((all) => all.machine.name)
  if (isFiltered)
    return (
      <Empty title="Nothing fits">
        <p>No conversation has all of these words. Esc empties the filter.</p>
      </Empty>
    )
  if (!hasRead)
    return (
      <Empty title="Not read yet">
        <p>The API has not answered. Messages appear here as soon as it does.</p>
      </Empty>
    )
  if (!isWhole) return <Empty title="Reading…" />
  return (
    <Empty title={`No messages for the sessions of ${machine}`}>
      <p>A message that another session sends appears here and as a notification.</p>
      <Button isLocal onClick={() => go({ id: NEW })}>
        Write one
      </Button>
    </Empty>
  )
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
          setPicked(letter)
          setText(quote(body, text))
          setTimeout(focusAnswer)
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

export function MessagesView() {
  const [sent, setSent] = useState(0)
  const { all, isWhole } = useLetters(sent)
  const conversations = useConversations(all)
  const { id, project } = useRoute()
  const [filter, setFilter] = useState('')
  const shown = useMemo(() => narrow(conversations, project, filter), [conversations, project, filter])
  const open = useMemo(
    () =>
      id === null || !all.has(id)
        ? undefined
        : conversations.find((one) => one.letters.some((letter) => letter.id === id)),
    [id, all, conversations],
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
  const openAndAnswer = (row: Conversation): void => {
    if (open?.key !== row.key) go({ id: entryOf(row) })
    setTimeout(focusAnswer, 50)
  }
  return (
    <View
      title="Messages"
      sub={<Sub conversations={conversations} />}
      tools={<Tools filter={filter} onFilter={setFilter} shown={shown} />}
    >
      {shown.length === 0 && detail === null ? (
        <Nothing isFiltered={conversations.length > 0} isWhole={isWhole} />
      ) : (
        <ListDetail
          isReading
          list={
            <List
              label="Conversations"
              rows={shown}
              keyOf={(one) => one.key}
              draw={(one) => <ConversationRow conversation={one} />}
              openKey={open?.key ?? null}
              onOpen={(one) => go({ id: entryOf(one) })}
              onKey={(one, key) => {
                if (key.toLowerCase() !== 'a') return false
                openAndAnswer(one)
                return true
              }}
              newWords={(count) => `${toCount(count)} new`}
            />
          }
          detail={detail}
          nothing={
            id === null
              ? 'Choose a conversation to read it.'
              : isWhole
                ? 'This message is not there any more.'
                : 'Reading…'
          }
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
