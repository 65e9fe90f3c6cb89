/** The first run: what must be known once. Everything has a value that works; "Later" asks again at the next opening. */
import { useState, type FormEvent } from 'react'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import type { Acts } from '../data/acts.ts'
import { ApiFields, fromLines, MachineFields } from '../parts/SettingsFields.tsx'

interface FirstRunProps {
  readonly snapshot: AppSnapshot
  readonly acts: Acts
  readonly onLater: () => void
}

export function FirstRunView({ snapshot, acts, onLater }: FirstRunProps) {
  const { settings, suggestions, front } = snapshot
  const [draft, setDraft] = useState({
    machineName: settings.machineName,
    aliases: settings.aliases.join('\n'),
    isJoining: settings.apiUrl !== null,
    apiUrl: settings.apiUrl ?? '',
    isAtLogin: false,
    others: '',
  })
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [isBusy, setBusy] = useState(false)
  const set = (part: Partial<typeof draft>): void => setDraft({ ...draft, ...part })
  const toggle = (path: string): void =>
    setChosen((was) => {
      const next = new Set(was)
      if (!next.delete(path)) next.add(path)
      return next
    })
  const watched = snapshot.workspaces.filter((workspace) => workspace.name !== 'this app')

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const workspaces = [...new Set([...settings.workspaces, ...chosen, ...fromLines(draft.others)])]
    await acts.run(
      'settings.update',
      {
        machineName: draft.machineName.trim(),
        aliases: fromLines(draft.aliases),
        workspaces,
        apiUrl: draft.isJoining ? draft.apiUrl.trim() : null,
        ...(front.startsAtLogin ? { startAtLogin: draft.isAtLogin } : {}),
        isSetUp: true,
      },
      'Coord Tray is set up.',
    )
    setBusy(false)
  }

  return (
    <main className="frame" aria-labelledby="first-run">
      <form className="scroll" onSubmit={(event) => void save(event)}>
        <header className="welcome">
          <h1 id="first-run">Set up Coord Tray</h1>
          <p className="muted">A few answers; each can be changed later in Settings.</p>
        </header>
        <section className="card" aria-labelledby="first-machine">
          <h2 id="first-machine">1. This machine</h2>
          <MachineFields draft={draft} set={set} />
          <p className="muted">
            Sessions named with one of these are this machine&apos;s: their messages and locks are shown here.
          </p>
        </section>
        <section className="card" aria-labelledby="first-workspaces">
          <h2 id="first-workspaces">2. Project folders to watch</h2>
          {watched.length > 0 && (
            <p className="breaks">
              Watched already, since they have a queue:{' '}
              {watched.map((workspace) => workspace.name).join(', ')}.
            </p>
          )}
          {suggestions.length > 0 ? (
            <fieldset>
              <legend className="muted">Projects of Claude Code on this machine</legend>
              <ul className="plain suggestions" tabIndex={0} aria-label="Projects found">
                {suggestions.map((path) => (
                  <li key={path}>
                    <label className="check">
                      <input type="checkbox" checked={chosen.has(path)} onChange={() => toggle(path)} />
                      <span className="breaks">{path}</span>
                    </label>
                  </li>
                ))}
              </ul>
              <div className="actions">
                <button
                  type="button"
                  className="small"
                  onClick={() =>
                    setChosen(chosen.size === suggestions.length ? new Set() : new Set(suggestions))
                  }
                >
                  {chosen.size === suggestions.length ? 'None of them' : 'All of them'}
                </button>
              </div>
            </fieldset>
          ) : (
            <p className="muted">No further project of Claude Code was found.</p>
          )}
          <label className="field">
            Other folders, one a line
            <textarea
              className="code"
              rows={2}
              wrap="off"
              spellCheck={false}
              value={draft.others}
              onChange={(event) => set({ others: event.target.value })}
            />
          </label>
          <p className="muted">A project that gets a queue later is found by itself, and you are told.</p>
        </section>
        <section className="card" aria-labelledby="first-api">
          <h2 id="first-api">3. Coordination API</h2>
          <ApiFields draft={draft} set={set} />
          <p className="muted">
            {draft.isJoining
              ? 'Queued calls go to that address and nowhere else.'
              : 'Works at once, for the sessions of this workstation.'}
          </p>
        </section>
        {front.startsAtLogin && (
          <section className="card" aria-labelledby="first-login">
            <h2 id="first-login">4. Start at login</h2>
            <label className="check">
              <input
                type="checkbox"
                checked={draft.isAtLogin}
                onChange={(event) => set({ isAtLogin: event.target.checked })}
              />
              Start Coord Tray when I log in, without a window
            </label>
          </section>
        )}
        <div className="actions savebar changed">
          <button className="primary" disabled={isBusy}>
            Done
          </button>
          <button type="button" onClick={onLater}>
            Later
          </button>
        </div>
      </form>
    </main>
  )
}
