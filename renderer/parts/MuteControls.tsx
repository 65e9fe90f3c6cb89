/** Muting all, or one project, and what is muted now. */
import { useState } from 'react'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { toDayAndClock } from '../time.ts'
import type { Acts } from '../data/acts.ts'

/** Projects that messages, locks or components name. */
const projectsOf = (snapshot: AppSnapshot): readonly string[] =>
  [
    ...new Set(
      [...snapshot.messages, ...snapshot.locks, ...snapshot.components, ...snapshot.workflows]
        .map((row) => row.project)
        .filter((project): project is string => project !== null && project !== ''),
    ),
  ].sort((a, b) => a.localeCompare(b))

export function MuteControls({ snapshot, now, acts }: { snapshot: AppSnapshot; now: number; acts: Acts }) {
  const { settings } = snapshot
  const muted = settings.mutedProjects.filter((m) => Date.parse(m.until) > now)
  const choice = projectsOf(snapshot).filter((project) => !muted.some((m) => m.project === project))
  const [picked, setPicked] = useState('')
  const project = choice.includes(picked) ? picked : (choice[0] ?? '')
  const isMuted = settings.mutedUntil !== null && Date.parse(settings.mutedUntil) > now
  const mute = (until: 'in-an-hour' | 'tomorrow' | null, of: string | null): void =>
    void acts.run('notifications.mute', { until, project: of }, (done) => {
      const what = of === null ? 'notifications' : `notifications of ${of}`
      return done.until === null
        ? `Unmuted: ${what} come again.`
        : `No ${what} until ${toDayAndClock(done.until)}. Messages still count.`
    })
  return (
    <>
      <div className="actions">
        <span className="muted">
          {isMuted ? `Muted until ${toDayAndClock(settings.mutedUntil ?? '')}` : 'Notifications are on'}
        </span>
        {isMuted ? (
          <button type="button" onClick={() => mute(null, null)}>
            Unmute
          </button>
        ) : (
          <>
            <button type="button" onClick={() => mute('in-an-hour', null)}>
              Mute for an hour
            </button>
            <button type="button" onClick={() => mute('tomorrow', null)}>
              Until tomorrow
            </button>
          </>
        )}
      </div>
      {muted.length > 0 && (
        <ul className="plain" aria-label="Muted projects">
          {muted.map((m) => (
            <li key={m.project} className="pair">
              <span className="breaks">
                {m.project} <span className="muted">muted until {toDayAndClock(m.until)}</span>
              </span>
              <button
                type="button"
                className="small"
                aria-label={`Unmute ${m.project}`}
                onClick={() => mute(null, m.project)}
              >
                Unmute
              </button>
            </li>
          ))}
        </ul>
      )}
      {choice.length > 0 && (
        <div className="actions">
          <label className="inline">
            One project
            <select value={project} onChange={(event) => setPicked(event.target.value)}>
              {choice.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <button
            type="button"
            aria-label={`Mute ${project} for an hour`}
            onClick={() => mute('in-an-hour', project)}
          >
            For an hour
          </button>
          <button
            type="button"
            aria-label={`Mute ${project} until tomorrow`}
            onClick={() => mute('tomorrow', project)}
          >
            Until tomorrow
          </button>
        </div>
      )}
    </>
  )
}
