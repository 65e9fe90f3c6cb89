/** How things are, what waits, what needs a person. */
import { attentionWords, type AttentionKind } from '../../shared/attention.ts'
import { groupBySession } from '../locks/group-locks.ts'
import { Time } from '../parts/Time.tsx'
import type { TabName } from '../data/store.ts'
import { counted } from '../../shared/text.ts'
import type { ViewProps } from '../parts/view.ts'

/** Where a thing that needs a person is dealt with; null where the tray or the log does. */
const TAB_OF: Readonly<Record<AttentionKind, TabName | null>> = {
  'lock-wanted': 'locks',
  storage: 'check',
  'workspace-problem': 'queue',
  'wrong-answer': 'settings',
  'api-blocked': 'settings',
  'program-fault': null,
  'settings-unreadable': 'settings',
  'restart-needed': 'settings',
  notifications: 'check',
  'set-aside': 'queue',
  'component-failed': 'board',
  'direct-messages': 'messages',
  'lock-stale': 'locks',
  'lock-ending': 'locks',
  'list-capped': 'check',
  unreadable: null,
}

export function NowView({ snapshot, now, acts, show }: ViewProps) {
  const { connection, totals, workspaces, attention: needs } = snapshot
  const waiting = workspaces.filter((workspace) => workspace.waiting > 0 || workspace.sending)
  const unread = snapshot.messages
    .filter((message) => !message.isSeen && !message.isRead)
    .sort((a, b) => (b.createdAt ?? '').localeCompare(a.createdAt ?? ''))
  const sessions = groupBySession(snapshot.locks.filter((lock) => lock.isMine))
  return (
    <div className="scroll">
      <section className="card" aria-labelledby="now-state">
        <h2 id="now-state">Connection</h2>
        <p>{connection.detail}</p>
        <p className="muted">
          So since <Time at={connection.since} now={now} />
          {connection.until && connection.state === 'degraded' && (
            <>
              ; next try <Time at={connection.until} now={now} />
            </>
          )}
          . <span className="breaks">{snapshot.apiUrl}</span>
          {snapshot.isServedHere && ', served by this workstation'}.
        </p>
        {connection.state !== 'online' && (
          <div className="actions">
            <button
              className="primary"
              onClick={() => void acts.run('connection.retry', null, 'Asked again.')}
            >
              Retry now
            </button>
          </div>
        )}
      </section>

      <section className="card" aria-labelledby="now-needs">
        <h2 id="now-needs">Needs you</h2>
        {needs.length === 0 ? (
          <p className="muted">Nothing. Coord Tray goes on by itself.</p>
        ) : (
          <ul className="plain">
            {needs.slice(0, 50).map((need, at) => {
              const tab = TAB_OF[need.kind]
              const { text, wayOut } = attentionWords(need)
              return (
                <li key={at} className="need">
                  <p>
                    <strong>{text}</strong>
                    {wayOut && <span className="block">{wayOut}</span>}
                  </p>
                  {tab && (
                    <button onClick={() => show(tab)} aria-label={`Show: ${text}`}>
                      Show
                    </button>
                  )}
                </li>
              )
            })}
          </ul>
        )}
      </section>

      <section className="card" aria-labelledby="now-waits">
        <h2 id="now-waits">Waiting</h2>
        {waiting.length === 0 ? (
          <p className="muted">
            {workspaces.length === 0
              ? 'No project folder is watched yet. Add one in Settings.'
              : 'No call waits in any workspace.'}
          </p>
        ) : (
          <>
            <ul className="plain">
              {waiting.slice(0, 20).map((workspace) => (
                <li key={workspace.path} className="pair" title={workspace.path}>
                  <span className="breaks">{workspace.name}</span>
                  <span>
                    {counted(workspace.waiting, 'call')}
                    {workspace.oldestWaiting && (
                      <span className="muted">
                        {' '}
                        · oldest <Time at={workspace.oldestWaiting} now={now} />
                      </span>
                    )}
                  </span>
                </li>
              ))}
            </ul>
            {connection.state === 'online' && (
              <div className="actions">
                <button
                  onClick={() =>
                    void acts.run(
                      'queue.flush',
                      { workspace: null },
                      (sum) => `${counted(sum.delivered, 'call')} delivered.`,
                    )
                  }
                >
                  Flush now
                </button>
              </div>
            )}
          </>
        )}
      </section>

      <div className="columns">
        <section className="card" aria-labelledby="now-messages">
          <h2 id="now-messages">Unread messages</h2>
          {unread.length === 0 ? (
            <p className="muted">None.</p>
          ) : (
            <>
              <ul className="plain">
                {unread.slice(0, 3).map((message) => (
                  <li key={message.id}>
                    <strong className="clip">{message.subject || 'No subject'}</strong>
                    <span className="muted clip">
                      {message.from} · <Time at={message.createdAt} now={now} />
                    </span>
                  </li>
                ))}
              </ul>
              <div className="actions">
                <button onClick={() => show('messages')}>
                  {totals.unread > 3 ? `All ${totals.unread.toLocaleString('en-US')}` : 'Read'}
                </button>
              </div>
            </>
          )}
        </section>
        <section className="card" aria-labelledby="now-locks">
          <h2 id="now-locks">Locks of this machine</h2>
          {sessions.length === 0 ? (
            <p className="muted">None held.</p>
          ) : (
            <>
              <ul className="plain">
                {sessions.slice(0, 5).map(({ session, locks }) => (
                  <li key={session} className="pair">
                    <span className="breaks">{session}</span>
                    <span>{counted(locks.length, 'lock')}</span>
                  </li>
                ))}
              </ul>
              <div className="actions">
                <button onClick={() => show('locks')}>
                  {sessions.length > 5 ? `All ${sessions.length} sessions` : 'Look'}
                </button>
              </div>
            </>
          )}
        </section>
      </div>
      <p className="muted foot">
        {snapshot.machine.name} · locks and messages{' '}
        {snapshot.readAt ? (
          <>
            read <Time at={snapshot.readAt} now={now} />
          </>
        ) : (
          'not read yet'
        )}
      </p>
    </div>
  )
}
