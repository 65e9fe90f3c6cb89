/** What a person may set. A draft is kept until it is saved; only what was changed is sent. */
import { useState, type FormEvent } from 'react'
import type { InputOf } from '../../shared/protocol.ts'
import type { SettingsView as Settings } from '../../shared/snapshot.ts'
import { toAbsolute, toClock } from '../time.ts'
import type { ViewProps } from './view.ts'

type Change = InputOf<'settings.update'>

const toLines = (list: readonly string[]): string => list.join('\n')
const fromLines = (text: string): string[] =>
  [...new Set(text.split('\n').map((line) => line.trim()))].filter((line) => line !== '')

function draftOf(settings: Settings) {
  return {
    machineName: settings.machineName,
    aliases: toLines(settings.aliases),
    workspaces: toLines(settings.workspaces),
    apiUrl: settings.apiUrl ?? '',
    isJoining: settings.apiUrl !== null,
    hideContent: settings.hideContent,
    quitChoice: settings.quitChoice,
  }
}
type Draft = ReturnType<typeof draftOf>

/** What differs from what is set; undefined where a URL cannot be one. */
function changeOf(draft: Draft, settings: Settings): Change {
  const was = draftOf(settings)
  const change: Change = {}
  if (draft.machineName.trim() !== was.machineName) change.machineName = draft.machineName.trim()
  if (draft.aliases !== was.aliases) change.aliases = fromLines(draft.aliases)
  if (draft.workspaces !== was.workspaces) change.workspaces = fromLines(draft.workspaces)
  const apiUrl = draft.isJoining ? draft.apiUrl.trim() : null
  if (apiUrl !== settings.apiUrl) change.apiUrl = apiUrl
  if (draft.hideContent !== was.hideContent) change.hideContent = draft.hideContent
  if (draft.quitChoice !== was.quitChoice) change.quitChoice = draft.quitChoice
  return change
}

/** The next morning, six o'clock, in the person's own zone. */
function toTomorrow(nowMs: number): string {
  const at = new Date(nowMs)
  at.setDate(at.getDate() + 1)
  at.setHours(6, 0, 0, 0)
  return at.toISOString()
}

export function SettingsView({ snapshot, now, acts }: ViewProps) {
  const { settings } = snapshot
  const [edited, setEdited] = useState<Draft | null>(null)
  const [isBusy, setBusy] = useState(false)
  const draft = edited ?? draftOf(settings)
  const change = changeOf(draft, settings)
  const isChanged = Object.keys(change).length > 0
  const set = (part: Partial<Draft>): void => setEdited({ ...draft, ...part })
  const isMuted = settings.mutedUntil !== null && Date.parse(settings.mutedUntil) > now

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const done = await acts.run('settings.update', change, 'Saved.')
    setBusy(false)
    if (done !== undefined) setEdited(null)
  }
  const mute = (mutedUntil: string | null): void =>
    void acts.run(
      'settings.update',
      { mutedUntil },
      mutedUntil === null ? 'Notifications are on.' : `No notifications until ${toAbsolute(mutedUntil)}.`,
    )

  return (
    <div className="scroll">
      <form onSubmit={(event) => void save(event)}>
        <section className="card" aria-labelledby="set-machine">
          <h2 id="set-machine">This machine</h2>
          <label className="field">
            Name, as in MACHINE/session
            <input
              required
              maxLength={200}
              value={draft.machineName}
              onChange={(event) => set({ machineName: event.target.value })}
            />
          </label>
          <label className="field">
            Other names of this machine, one a line
            <textarea
              rows={2}
              value={draft.aliases}
              onChange={(event) => set({ aliases: event.target.value })}
            />
          </label>
        </section>
        <section className="card" aria-labelledby="set-workspaces">
          <h2 id="set-workspaces">Workspaces</h2>
          <label className="field">
            Project folders to watch, one a line
            <textarea
              className="code"
              rows={Math.min(10, Math.max(3, settings.workspaces.length + 1))}
              wrap="off"
              spellCheck={false}
              value={draft.workspaces}
              onChange={(event) => set({ workspaces: event.target.value })}
            />
          </label>
          <p className="muted">Each may have a queue file, .claude/coord-queue.jsonl.</p>
        </section>
        <section className="card" aria-labelledby="set-api">
          <h2 id="set-api">Coordination API</h2>
          <fieldset>
            <legend className="hidden">Which coordination API</legend>
            <label className="check">
              <input
                type="radio"
                name="api"
                checked={!draft.isJoining}
                onChange={() => set({ isJoining: false })}
              />
              Serve coordination on this workstation
            </label>
            <label className="check">
              <input
                type="radio"
                name="api"
                checked={draft.isJoining}
                onChange={() => set({ isJoining: true })}
              />
              Join the team&apos;s API
            </label>
          </fieldset>
          {draft.isJoining && (
            <label className="field">
              Its address, without /api/coord
              <input
                type="url"
                required
                maxLength={2000}
                pattern="https?://.+"
                title="An address that begins with http:// or https://"
                placeholder="http://coord.example:8001"
                value={draft.apiUrl}
                onChange={(event) => set({ apiUrl: event.target.value })}
              />
            </label>
          )}
          <p className="muted breaks">In use now: {snapshot.apiUrl}</p>
        </section>
        <section className="card" aria-labelledby="set-behaviour">
          <h2 id="set-behaviour">Notifications and quitting</h2>
          <label className="check">
            <input
              type="checkbox"
              checked={draft.hideContent}
              onChange={(event) => set({ hideContent: event.target.checked })}
            />
            Hide the content of messages in notifications
          </label>
          <div className="actions">
            <span className="muted">
              {isMuted ? `Muted until ${toClock(settings.mutedUntil ?? '')}` : 'Notifications are on'}
            </span>
            {isMuted ? (
              <button type="button" onClick={() => mute(null)}>
                Unmute
              </button>
            ) : (
              <>
                <button type="button" onClick={() => mute(new Date(now + 3_600_000).toISOString())}>
                  Mute for an hour
                </button>
                <button type="button" onClick={() => mute(toTomorrow(now))}>
                  Until tomorrow
                </button>
              </>
            )}
          </div>
          <label className="field">
            When quitting while locks are held
            <select
              value={draft.quitChoice}
              onChange={(event) => set({ quitChoice: event.target.value as Draft['quitChoice'] })}
            >
              <option value="ask">Ask me</option>
              <option value="release">Release all and quit</option>
              <option value="keep">Keep locks and quit</option>
            </select>
          </label>
        </section>
        <div className={`actions savebar ${isChanged ? 'changed' : ''}`}>
          <button className="primary" disabled={!isChanged || isBusy}>
            Save
          </button>
          <button type="button" disabled={edited === null} onClick={() => setEdited(null)}>
            Undo changes
          </button>
          <span className="space" />
          <button type="button" onClick={() => void acts.run('app.openLog', null)}>
            Open the log
          </button>
          <button type="button" onClick={() => void acts.run('app.quit', { choice: null, remember: false })}>
            {snapshot.totals.locksMine > 0 ? `Quit… (${snapshot.totals.locksMine} locks held)` : 'Quit…'}
          </button>
        </div>
      </form>
    </div>
  )
}
