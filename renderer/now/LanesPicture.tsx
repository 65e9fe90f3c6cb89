/** The last eight hours: a lane a session, deliveries beneath; the same facts stand as text for who does not see it. */
import { nameInMachine } from '../../shared/session.ts'
import { counted, showInvisible, toCount, toSpan } from '../../shared/text.ts'
import { Foreign } from '../parts/Foreign.tsx'
import { toClock, toHour } from '../time.ts'
import { BUCKET_MS, describeBars, type Bar, type Held, type Lane, type Lanes } from './lanes.ts'
import css from './LanesPicture.module.css'

interface Frame {
  readonly fromMs: number
  readonly toMs: number
}
const iso = (ms: number): string => new Date(ms).toISOString()
const clock = (ms: number): string => toClock(iso(ms))

/** A place in the frame, in percent of its width. */
const place = (atMs: number, { fromMs, toMs }: Frame): number =>
  Math.min(100, Math.max(0, ((atMs - fromMs) / (toMs - fromMs)) * 100))

function HeldBar({ held, frame }: { readonly held: Held; readonly frame: Frame }) {
  const end = held.toMs ?? frame.toMs
  const stale = held.staleMs === null ? end : Math.max(held.fromMs, held.staleMs)
  const part = (fromMs: number, toMs: number, look: string | undefined) => {
    const left = place(fromMs, frame)
    const width = place(toMs, frame) - left
    return width <= 0 ? null : (
      <span
        className={`${css.held} ${look}`}
        title={showInvisible(
          `${held.resource}: ${clock(held.fromMs)} to ${held.toMs === null ? 'now' : clock(held.toMs)}`,
        )}
        style={{ left: `${left}%`, width: `max(3px, ${width}%)` }}
      />
    )
  }
  return (
    <>
      {part(held.fromMs, Math.min(stale, end), css.working)}
      {part(stale, end, css.stale)}
    </>
  )
}

function describeLane({ held, messages, refusals }: Lane): string {
  const parts = held.map(
    ({ resource, fromMs, toMs, staleMs }) =>
      `held ${resource} from ${clock(fromMs)} to ${toMs === null ? 'now' : clock(toMs)}${staleMs === null ? '' : `, stale since ${clock(staleMs)}`}`,
  )
  for (const { atMs, subject } of messages)
    parts.push(`message at ${clock(atMs)}: ${subject || 'no subject'}`)
  for (const { atMs, by } of refusals) parts.push(`${by} was refused at ${clock(atMs)}`)
  return parts.join('; ')
}

function LaneRow({ lane, frame }: { readonly lane: Lane; readonly frame: Frame }) {
  return (
    <div className={css.lane}>
      <Foreign text={nameInMachine(lane.session)} className={css.name} />
      <div className={css.track} aria-hidden="true">
        {lane.held.map((held, at) => (
          <HeldBar key={at} held={held} frame={frame} />
        ))}
        {lane.messages.map(({ atMs, subject }, at) => (
          <span
            key={`m${at}`}
            className={css.message}
            title={showInvisible(`${clock(atMs)}: ${subject}`)}
            style={{ left: `${place(atMs, frame)}%` }}
          />
        ))}
        {lane.refusals.map(({ atMs, by }, at) => (
          <span
            key={`r${at}`}
            className={css.refusal}
            title={showInvisible(`${clock(atMs)}: ${by} was refused`)}
            style={{ left: `${place(atMs, frame)}%` }}
          />
        ))}
      </div>
      <span className="hidden">
        <Foreign text={describeLane(lane)} />
      </span>
    </div>
  )
}

function DeliveryBar({
  bar,
  most,
  frame,
}: {
  readonly bar: Bar
  readonly most: number
  readonly frame: Frame
}) {
  const left = place(bar.atMs, frame)
  const width = place(bar.atMs + BUCKET_MS, frame) - left
  const share = (n: number): string => `${(n / most) * 100}%`
  const words = [
    `${toCount(bar.delivered)} delivered`,
    ...(bar.setAside > 0 ? [`${toCount(bar.setAside)} set aside`] : []),
    ...(bar.waiting > 0 ? [`${toCount(bar.waiting)} waiting`] : []),
  ]
  return (
    <span
      className={css.bucket}
      title={showInvisible(`${clock(bar.atMs)}: ${words.join(', ')}`)}
      style={{ left: `${left}%`, width: `calc(${width}% - 1px)` }}
    >
      {bar.setAside > 0 && (
        <span className={css.setAside} style={{ height: `max(3px, ${share(bar.setAside)})` }} />
      )}
      {bar.delivered > 0 && (
        <span className={css.delivered} style={{ height: `max(2px, ${share(bar.delivered)})` }} />
      )}
      {bar.delivered === 0 && bar.waiting > 0 && (
        <span className={css.waiting} style={{ height: `max(2px, ${share(bar.waiting)})` }} />
      )}
    </span>
  )
}

function Deliveries({ lanes }: { readonly lanes: Lanes }) {
  return (
    <div className={`${css.lane} ${css.deliveries}`}>
      <div>
        <span className={css.name}>Calls, each 5 min</span>
        <ul className={css.legend} aria-hidden="true">
          <li className={css.keyDelivered}>delivered</li>
          <li className={css.keyStale}>waiting</li>
          <li className={css.keyRefusal}>set aside</li>
        </ul>
      </div>
      <div className={css.track} aria-hidden="true">
        {lanes.bars.map((bar) => (
          <DeliveryBar key={bar.atMs} bar={bar} most={lanes.most} frame={lanes} />
        ))}
      </div>
      <span className="hidden">{describeBars(lanes.bars, clock)}</span>
    </div>
  )
}

/** The width of a full hour's label: closer together, every second one is left out. */
function Hours({ lanes }: { readonly lanes: Lanes }) {
  return (
    <div className={`${css.lane} ${css.hours}`} aria-hidden="true">
      <span className={css.name} />
      <div className={css.track}>
        {lanes.hours.map((atMs) => (
          <span key={atMs} className={css.hour} style={{ left: `${place(atMs, lanes)}%` }}>
            {toHour(atMs)}
          </span>
        ))}
      </div>
    </div>
  )
}

const AWAY: Readonly<Record<Lanes['away'][number]['state'], string>> = {
  offline: 'offline',
  degraded: 'slow, in trouble, or asked to wait',
  'wrong-answer': 'nothing taken',
}

/** Words that stay together on one line. */
const unbroken = (text: string): string => text.replaceAll(' ', '\u00a0')

/** Where the API was not there, behind all lanes. */
function AwayShades({ lanes }: { readonly lanes: Lanes }) {
  if (lanes.away.length === 0) return null
  return (
    <>
      <div className={css.shades} aria-hidden="true">
        {lanes.away.map(({ state, fromMs, toMs }) => {
          const left = place(fromMs, lanes)
          const width = place(toMs, lanes) - left
          return (
            <span key={fromMs} className={css.shade} style={{ left: `${left}%`, width: `${width}%` }}>
              {width > 9 && (
                <span className={css.away}>
                  {unbroken(AWAY[state])} {unbroken(toSpan(toMs - fromMs))}
                </span>
              )}
            </span>
          )
        })}
      </div>
      <ul className="hidden" aria-label="When the API was away">
        {lanes.away.map(({ state, fromMs, toMs }) => (
          <li key={fromMs}>
            {AWAY[state]} from {clock(fromMs)} to {clock(toMs)}
          </li>
        ))}
      </ul>
    </>
  )
}

export function LanesPicture({ lanes }: { readonly lanes: Lanes }) {
  const isEmpty = lanes.lanes.length === 0 && lanes.bars.length === 0
  return (
    <section className={css.picture} aria-labelledby="lanes">
      <div className={css.head}>
        <h3 id="lanes">Sessions of this machine, last 8 hours</h3>
        <ul className={css.legend} aria-hidden="true">
          <li className={css.keyHeld}>holds locks</li>
          <li className={css.keyStale}>stale</li>
          <li className={css.keyMessage}>message</li>
          <li className={css.keyRefusal}>refused another</li>
        </ul>
      </div>
      {isEmpty ? (
        <p className={css.empty}>
          Nothing was noticed here in eight hours. A session that claims a lock, writes a message or queues a
          call appears as a line.
        </p>
      ) : (
        <div className={css.frame}>
          <AwayShades lanes={lanes} />
          {lanes.lanes.map((lane) => (
            <LaneRow key={lane.session} lane={lane} frame={lanes} />
          ))}
          {lanes.more > 0 && (
            <p className={css.more}>
              and {counted(lanes.more, 'more session')} that did something longer ago
            </p>
          )}
          <Hours lanes={lanes} />
          {lanes.bars.length > 0 && <Deliveries lanes={lanes} />}
        </div>
      )}
    </section>
  )
}
