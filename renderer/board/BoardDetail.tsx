/** What is known of a component or a workflow. */
import type { ReactNode } from 'react'
import type { ComponentView, WorkflowView } from '../../shared/snapshot.ts'
import { toCount } from '../../shared/text.ts'
import { toHash } from '../data/routes.ts'
import { useSnapshot } from '../data/window.ts'
import { Chip, Project } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Time } from '../parts/Time.tsx'
import { describeParts, toneOf, toStateWords } from './board-rows.ts'
import css from './BoardDetail.module.css'
import { PartsBar } from './PartsBar.tsx'

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

function State({ state }: { readonly state: string }) {
  return (
    <p>
      <Chip tone={toneOf(state)}>
        <Foreign text={toStateWords(state)} />
      </Chip>
    </p>
  )
}

/** Who holds a lock of the same name in the same project: it may be at work on it. */
function HeldBy({ component: { component, project } }: { readonly component: ComponentView }) {
  const lock = useSnapshot((all) =>
    all.locks.find((one) => one.resource === component && one.project === project),
  )
  if (!lock) return null
  return (
    <Fact name="Locked by">
      <a href={toHash({ view: 'locks', id: lock.id, project: null })}>
        <Foreign text={lock.session} />
      </a>
    </Fact>
  )
}

export function ComponentDetail({ component }: { readonly component: ComponentView }) {
  const { project, state, version, notes, updatedBy, updatedAt } = component
  return (
    <>
      <State state={state} />
      {notes !== null && notes !== '' && (
        <p className={css.notes}>
          <Foreign text={notes} isBlock />
        </p>
      )}
      <dl className={css.facts}>
        {project !== null && (
          <Fact name="Project">
            <Project name={project} />
          </Fact>
        )}
        {version !== null && (
          <Fact name="Version">
            <Foreign text={version} />
          </Fact>
        )}
        {updatedBy !== null && (
          <Fact name="Set by">
            <Foreign text={updatedBy} />
          </Fact>
        )}
        <Fact name="Set">
          <Time at={updatedAt} />
        </Fact>
        <HeldBy component={component} />
      </dl>
    </>
  )
}

/** So many items are drawn; the bar counts all. */
const SHOWN = 500

export function WorkflowDetail({ workflow }: { readonly workflow: WorkflowView }) {
  const { project, status, items, itemsTotal } = workflow
  const shown = items.slice(0, SHOWN)
  return (
    <>
      <State state={status} />
      {project !== null && (
        <p>
          <Project name={project} />
        </p>
      )}
      <div className={css.progress}>
        <PartsBar workflow={workflow} />
        <p>{describeParts(workflow)}</p>
      </div>
      {shown.length > 0 && (
        <ul className={css.items} aria-label="Work items">
          {shown.map((item) => (
            <li key={item.id} className={css.item}>
              <Foreign text={item.title || 'A work item without a title'} className={css.itemTitle} />
              <Chip tone={toneOf(item.status)}>
                <Foreign text={toStateWords(item.status)} />
              </Chip>
            </li>
          ))}
        </ul>
      )}
      {shown.length < itemsTotal && (
        <p className={css.muted}>{toCount(itemsTotal - shown.length)} more are not listed here.</p>
      )}
    </>
  )
}
