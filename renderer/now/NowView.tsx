/** What needs a person, and the picture of the last hours. */
import { Box, CircleAlert, Columns3, Lock, MessageSquare, Send, type LucideIcon } from 'lucide-react'
import { useMemo } from 'react'
import type { Attention } from '../../shared/attention.ts'
import { toHash } from '../data/routes.ts'
import { useNow } from '../data/clock.ts'
import { isFolder } from '../data/own-queue.ts'
import { useHistory } from '../data/use-history.ts'
import { go, useActs, useRoute, useSnapshot, useWindow } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell, RowButton } from '../parts/List.tsx'
import { Sentence, toText } from '../parts/Sentence.tsx'
import { ShortList } from '../parts/ShortList.tsx'
import { Time } from '../parts/Time.tsx'
import { View } from '../parts/View.tsx'
import { canSendNow } from '../data/can-send.ts'
import { describeFlush } from '../words.ts'
import { toLanes } from './lanes.ts'
import { LanesPicture } from './LanesPicture.tsx'
import { actOnNeed, actsOf } from './need-acts.ts'
import { headline, subline } from './headline.ts'
import css from './NowView.module.css'
import { isCut, shownNeeds, toNeeds, type Need } from './needs.ts'

const ICONS: Readonly<Partial<Record<Attention['kind'], LucideIcon>>> = {
  'lock-wanted': Lock,
  'session-waits': Lock,
  'lock-stale': Lock,
  'lock-ending': Lock,
  'set-aside': Send,
  'workspace-problem': Box,
  'component-failed': Columns3,
  'direct-messages': MessageSquare,
}

function NeedRow({ need }: { readonly need: Need }) {
  const acts = useActs()
  const Icon = ICONS[need.kind] ?? CircleAlert
  const route = useRoute()
  const words = toText(need.title)
  return (
    <>
      <Cell className={`${css.icon} ${css[need.tone]}`}>
        <Icon size={16} strokeWidth={1.8} aria-hidden="true" />
      </Cell>
      <Cell className={css.words}>
        <p className={css.title}>
          <Sentence words={need.title} />
        </p>
        {need.detail.length > 0 && (
          <p className={css.detail}>
            <Sentence words={need.detail} />
            {need.lock?.askedAt && (
              <>
                {' · asked '}
                <Time at={need.lock.askedAt} />
              </>
            )}
          </p>
        )}
      </Cell>
      <Cell className={css.acts}>
        {actsOf(need).map(({ act, label, key, look }) => (
          <RowButton key={act} look={look} hint={key} onClick={() => void actOnNeed(act, need, acts)}>
            {label}
            <span className="hidden">
              {' '}
              <Foreign text={words} />
            </span>
          </RowButton>
        ))}
        {need.to && (
          <RowButton isLocal look="quiet" onClick={() => go({ ...route, id: null, ...need.to })}>
            {need.toWord}
            <span className="hidden">
              {' '}
              <Foreign text={words} />
            </span>
          </RowButton>
        )}
      </Cell>
    </>
  )
}

function Tools() {
  const acts = useActs()
  const state = useSnapshot((all) => all.connection.state)
  const canSend = useSnapshot((all) => canSendNow(all.workspaces))
  if (state !== 'online')
    return <Button onClick={() => void acts.run('connection.retry', null)}>Ask again now</Button>
  if (!canSend) return null
  return (
    <Button onClick={() => void acts.run('queue.flush', { workspace: null }, describeFlush)}>
      Send waiting calls now
    </Button>
  )
}

const hostOf = (url: string): string => url.replace(/^https?:\/\//, '').replace(/\/$/, '')

/** What the connection says, where it is not simply there. */
function Connection() {
  const { state, detail } = useSnapshot((all) => all.connection)
  const apiUrl = useSnapshot((all) => all.apiUrl)
  if (state === 'online' || detail === '') return null
  return (
    <p className={css.connection}>
      {detail}
      {!detail.includes(hostOf(apiUrl)) && state !== 'connecting' && (
        <>
          {' '}
          <span className={css.url}>{apiUrl}</span>
        </>
      )}
    </p>
  )
}

function Picture() {
  const history = useHistory()
  const locks = useSnapshot((all) => all.locks)
  const messages = useSnapshot((all) => all.messages)
  const sessions = useSnapshot((all) => all.sessions)
  const now = useNow()
  const lanes = useMemo(
    () => history && toLanes(history, { locks, messages, sessions }, now),
    [history, locks, messages, sessions, now],
  )
  if (!lanes) return null
  return <LanesPicture lanes={lanes} />
}

function Headline(needs: { readonly shown: number; readonly all: number; readonly isGoing: boolean }) {
  const snapshot = useSnapshot((one) => one)
  const { project } = useRoute()
  const isLost = useWindow((state) => state.link !== 'up')
  return (
    <div className={css.head}>
      <h2>{headline(snapshot, { ...needs, project, isLost, isCut: isCut(snapshot.attention) })}</h2>
      <p className={css.sub}>{subline(snapshot)}</p>
      <Connection />
    </div>
  )
}

function NoFolder() {
  return (
    <p className={css.sub}>
      Add a project in <a href={toHash({ view: 'settings', id: null, project: null })}>Settings</a>, or run{' '}
      <code>coord hook install</code> in one: what its sessions queue is then sent from here.
    </p>
  )
}

/** Of that project, or of none. */
const isOfProject =
  (project: string) =>
  (one: Attention): boolean =>
    !('project' in one) || one.project === null || one.project === project

export function NowView() {
  const attention = useSnapshot((all) => all.attention)
  const hasFolder = useSnapshot((all) => all.workspaces.some(isFolder))
  const { project } = useRoute()
  const acts = useActs()
  const going = useWindow((state) => state.going)
  const known = useMemo(() => toNeeds(attention), [attention])
  const all = useMemo(() => shownNeeds(known, going), [known, going])
  const needs = useMemo(
    () => (project === null ? all : shownNeeds(toNeeds(attention.filter(isOfProject(project))), going)),
    [all, attention, project, going],
  )
  return (
    <View title="Now" tools={<Tools />} isPage>
      <div className={css.now}>
        <Headline shown={needs.length} all={all.length} isGoing={known.length > all.length} />
        {!hasFolder && <NoFolder />}
        {needs.length > 0 && (
          <ShortList
            label="What needs you"
            rows={needs}
            keyOf={(need) => need.key}
            draw={(need) => <NeedRow need={need} />}
            onOpen={(need) => {
              if (need.to) go({ id: null, ...need.to })
            }}
            onKey={(need, key) => {
              const wanted = actsOf(need).find((one) => one.key.toLowerCase() === key.toLowerCase())
              if (!wanted) return false
              void actOnNeed(wanted.act, need, acts)
              return true
            }}
          />
        )}
        <Picture />
      </div>
    </View>
  )
}
