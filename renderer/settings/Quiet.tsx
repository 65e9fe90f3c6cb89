/** What is notified, and when not: content, quiet hours, mutes. */
import { useMemo, useState } from 'react'
import { showInvisible } from '../../shared/text.ts'
import { useNow } from '../data/clock.ts'
import { useActs, useSnapshot } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { CheckField, Field, Said } from '../parts/Field.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell, RowButton } from '../parts/List.tsx'
import { ShortList } from '../parts/ShortList.tsx'
import { toDayAndClock } from '../time.ts'
import { setOne, type Settings } from './change.ts'
import css from './Quiet.module.css'
import { useSave } from './use-save.ts'

function HideContent() {
  const settings = useSnapshot((all) => all.settings)
  const save = useSave()
  return (
    <CheckField
      label="Hide the content of messages in notifications"
      isOn={settings.hideContent}
      onChange={(isOn) =>
        save(
          setOne(
            settings,
            'hideContent',
            isOn,
            isOn ? 'Notifications show no text of a message.' : 'Notifications show the text of messages.',
          ),
        )
      }
    />
  )
}

type Hours = NonNullable<Settings['quietHours']>
const USUAL: Hours = { from: '22:00', to: '07:00' }

function Times({ hours }: { readonly hours: Hours }) {
  const settings = useSnapshot((all) => all.settings)
  const save = useSave()
  const [typed, setTyped] = useState<Partial<Hours>>({})
  const shown = { ...hours, ...typed }
  const wrong =
    shown.from === '' || shown.to === ''
      ? 'Both times are needed.'
      : shown.from === shown.to
        ? 'From and to are the same time: nothing would be quiet.'
        : ''
  const commit = async (): Promise<void> => {
    if (wrong !== '' || (shown.from === hours.from && shown.to === hours.to)) return
    const said = `Quiet from ${shown.from} to ${shown.to}, each day.`
    if (await save(setOne(settings, 'quietHours', shown, said))) setTyped({})
  }
  const time = (which: keyof Hours) => (
    <label className={css.time}>
      {which}
      <input
        type="time"
        value={shown[which]}
        aria-invalid={wrong !== ''}
        onChange={(event) => setTyped({ ...typed, [which]: event.target.value })}
        onBlur={() => void commit()}
        onKeyDown={(event) => {
          if (event.key === 'Enter') void commit()
        }}
      />
    </label>
  )
  return (
    <div className={css.times}>
      {time('from')}
      {time('to')}
      <Said text={wrong} />
    </div>
  )
}

function QuietHours() {
  const settings = useSnapshot((all) => all.settings)
  const save = useSave()
  const hours = settings.quietHours
  return (
    <CheckField
      label="Quiet hours, each day"
      isOn={hours !== null}
      onChange={(isOn) =>
        save(
          setOne(
            settings,
            'quietHours',
            isOn ? USUAL : null,
            isOn ? `Quiet from ${USUAL.from} to ${USUAL.to}, each day.` : 'No quiet hours any more.',
          ),
        )
      }
      hint={
        <>
          Only this passes: another session waits for a lock of this machine.
          {hours !== null && <Times hours={hours} />}
        </>
      }
    />
  )
}

function useMute() {
  const acts = useActs()
  return async (until: 'in-an-hour' | 'tomorrow' | null, project: string | null): Promise<void> => {
    const done = await acts.run('notifications.mute', { until, project })
    if (!done) return
    const what = project === null ? 'notifications' : `notifications of ${project}`
    if (done.until === null) return acts.tell('done', `Unmuted: ${what} come again.`)
    acts.undoable(`No ${what} until ${toDayAndClock(done.until)}. Messages still count.`, () =>
      acts.run('notifications.mute', { until: null, project }),
    )
  }
}

function MuteAll() {
  const mutedUntil = useSnapshot((all) => all.settings.mutedUntil)
  const now = useNow()
  const mute = useMute()
  const isMuted = mutedUntil !== null && Date.parse(mutedUntil) > now
  return (
    <Field
      label="Mute all"
      hint={
        isMuted
          ? `Muted until ${toDayAndClock(mutedUntil)}. Messages still count.`
          : 'Nothing is muted as a whole.'
      }
    >
      {() => (
        <div className={css.acts}>
          {isMuted ? (
            <Button onClick={() => void mute(null, null)}>Unmute</Button>
          ) : (
            <>
              <Button onClick={() => void mute('in-an-hour', null)}>Mute for an hour</Button>
              <Button onClick={() => void mute('tomorrow', null)}>Mute until tomorrow</Button>
            </>
          )}
        </div>
      )}
    </Field>
  )
}

function MuteProjects() {
  const now = useNow()
  const mutedProjects = useSnapshot((all) => all.settings.mutedProjects)
  const projects = useSnapshot((all) => all.projects)
  const mute = useMute()
  const [picked, setPicked] = useState('')
  const muted = mutedProjects.filter((one) => Date.parse(one.until) > now)
  const choice = useMemo(
    () =>
      projects.filter(
        (project) => !mutedProjects.some((one) => one.project === project && Date.parse(one.until) > now),
      ),
    [projects, mutedProjects, now],
  )
  const project = choice.includes(picked) ? picked : choice[0]
  if (muted.length === 0 && project === undefined) return null
  return (
    <Field label="Mute a project" hint="For one whose messages can wait.">
      {({ controlId }) => (
        <>
          {muted.length > 0 && (
            <ShortList
              label="Muted projects"
              rows={muted}
              keyOf={(one) => one.project}
              draw={(one) => (
                <>
                  <Cell className={css.muted}>
                    <Foreign text={one.project} />
                    <span className={css.until}> until {toDayAndClock(one.until)}</span>
                  </Cell>
                  <Cell>
                    <RowButton look="quiet" onClick={() => void mute(null, one.project)}>
                      Unmute
                      <span className="hidden">
                        {' '}
                        <Foreign text={one.project} />
                      </span>
                    </RowButton>
                  </Cell>
                </>
              )}
            />
          )}
          {project !== undefined && (
            <div className={css.acts}>
              <select id={controlId} value={project} onChange={(event) => setPicked(event.target.value)}>
                {choice.map((name) => (
                  <option key={name} value={name}>
                    {showInvisible(name)}
                  </option>
                ))}
              </select>
              <Button onClick={() => void mute('in-an-hour', project)}>
                <span className="hidden">
                  Mute <Foreign text={project} /> for{' '}
                </span>
                an hour
              </Button>
              <Button onClick={() => void mute('tomorrow', project)}>
                <span className="hidden">
                  Mute <Foreign text={project} />{' '}
                </span>
                until tomorrow
              </Button>
            </div>
          )}
        </>
      )}
    </Field>
  )
}

export function Quiet() {
  return (
    <>
      <HideContent />
      <QuietHours />
      <MuteAll />
      <MuteProjects />
    </>
  )
}
