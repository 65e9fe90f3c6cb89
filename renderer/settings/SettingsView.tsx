/** What a person may set. A draft is kept until it is saved; only what was changed is sent. */
import { useState, type FormEvent } from 'react'
import type { InputOf } from '../../shared/protocol.ts'
import type { SettingsView as Settings } from '../../shared/snapshot.ts'
import { MuteControls } from '../parts/MuteControls.tsx'
import { ApiFields, fromLines, MachineFields, toLines } from '../parts/SettingsFields.tsx'
import { counted } from '../../shared/text.ts'
import type { ViewProps } from '../parts/view.ts'

type Change = InputOf<'settings.update'>

function draftOf(settings: Settings) {
  return {
    machineName: settings.machineName,
    aliases: toLines(settings.aliases),
    sessions: toLines(settings.sessions),
    ignoredWorkspaces: toLines(settings.ignoredWorkspaces),
    isQuiet: settings.quietHours !== null,
    quietFrom: settings.quietHours?.from ?? '22:00',
    quietTo: settings.quietHours?.to ?? '07:00',
    isAtLogin: settings.startAtLogin ?? false,
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
  if (draft.sessions !== was.sessions) change.sessions = fromLines(draft.sessions)
  if (draft.ignoredWorkspaces !== was.ignoredWorkspaces)
    change.ignoredWorkspaces = fromLines(draft.ignoredWorkspaces)
  if (
    draft.isQuiet !== was.isQuiet ||
    (draft.isQuiet && (draft.quietFrom !== was.quietFrom || draft.quietTo !== was.quietTo))
  )
    change.quietHours = draft.isQuiet ? { from: draft.quietFrom, to: draft.quietTo } : null
  if (draft.isAtLogin !== was.isAtLogin) change.startAtLogin = draft.isAtLogin
  if (draft.workspaces !== was.workspaces) change.workspaces = fromLines(draft.workspaces)
  const apiUrl = draft.isJoining ? draft.apiUrl.trim() : null
  if (apiUrl !== settings.apiUrl) change.apiUrl = apiUrl
  if (draft.hideContent !== was.hideContent) change.hideContent = draft.hideContent
  if (draft.quitChoice !== was.quitChoice) change.quitChoice = draft.quitChoice
  return change
}

export function SettingsView({ snapshot, now, acts }: ViewProps) {
  const { settings } = snapshot
  const [edited, setEdited] = useState<Draft | null>(null)
  const [isBusy, setBusy] = useState(false)
  const draft = edited ?? draftOf(settings)
  const change = changeOf(draft, settings)
  const isChanged = Object.keys(change).length > 0
  const set = (part: Partial<Draft>): void => setEdited({ ...draft, ...part })
  const others = snapshot.suggestions.filter((path) => !fromLines(draft.workspaces).includes(path))

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const done = await acts.run('settings.update', change, 'Saved.')
    setBusy(false)
    if (done !== undefined) setEdited(null)
  }

  return (
    <div className="scroll">
      <form onSubmit={(event) => void save(event)}>
        <section className="card" aria-labelledby="set-machine">
          <h2 id="set-machine">This machine</h2>
          <MachineFields draft={draft} set={set} />
          <label className="field">
            Sessions of this machine that nothing else tells of, one a line
            <textarea
              rows={2}
              spellCheck={false}
              placeholder={`${settings.machineName}/claude-main`}
              value={draft.sessions}
              onChange={(event) => set({ sessions: event.target.value })}
            />
          </label>
          {snapshot.front.startsAtLogin && (
            <label className="check">
              <input
                type="checkbox"
                checked={draft.isAtLogin}
                onChange={(event) => set({ isAtLogin: event.target.checked })}
              />
              Start Coord Tray when I log in, without a window
            </label>
          )}
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
          <p className="muted">
            Each may have a queue file, .claude/coord-queue.jsonl. Projects of Claude Code that have one are
            found by themselves.
          </p>
          {others.length > 0 && (
            <details>
              <summary>Projects of Claude Code that are not watched ({others.length})</summary>
              <ul className="plain">
                {others.map((path) => (
                  <li key={path} className="pair">
                    <span className="breaks">{path}</span>
                    <button
                      type="button"
                      className="small"
                      aria-label={`Watch ${path}`}
                      onClick={() => set({ workspaces: toLines([...fromLines(draft.workspaces), path]) })}
                    >
                      Watch
                    </button>
                  </li>
                ))}
              </ul>
            </details>
          )}
          <label className="field">
            Never watch these by themselves, one a line
            <textarea
              className="code"
              rows={2}
              wrap="off"
              spellCheck={false}
              value={draft.ignoredWorkspaces}
              onChange={(event) => set({ ignoredWorkspaces: event.target.value })}
            />
          </label>
        </section>
        <section className="card" aria-labelledby="set-api">
          <h2 id="set-api">Coordination API</h2>
          <ApiFields draft={draft} set={set} />
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
          <fieldset>
            <legend className="hidden">Quiet hours</legend>
            <label className="check">
              <input
                type="checkbox"
                checked={draft.isQuiet}
                onChange={(event) => set({ isQuiet: event.target.checked })}
              />
              Quiet hours, each day
            </label>
            {draft.isQuiet && (
              <div className="actions times">
                <label className="inline">
                  from
                  <input
                    type="time"
                    required
                    value={draft.quietFrom}
                    onChange={(event) => set({ quietFrom: event.target.value })}
                  />
                </label>
                <label className="inline">
                  to
                  <input
                    type="time"
                    required
                    value={draft.quietTo}
                    onChange={(event) => set({ quietTo: event.target.value })}
                  />
                </label>
                <span className="muted">
                  Only this passes: another session waits for a lock of this machine.
                </span>
              </div>
            )}
          </fieldset>
          <MuteControls snapshot={snapshot} now={now} acts={acts} />
          <p className="muted">What is muted still counts as unread.</p>
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
            {snapshot.totals.locksMine > 0
              ? `Quit… (${counted(snapshot.totals.locksMine, 'lock')} held)`
              : 'Quit…'}
          </button>
        </div>
      </form>
    </div>
  )
}
