/** A row of the board: a component with its state, a workflow with its bar, a project's head. */
import { Chip, Project } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell } from '../parts/List.tsx'
import { Time } from '../parts/Time.tsx'
import { describeParts, toneOf, toStateWords, type BoardHead, type BoardRow } from './board-rows.ts'
import type { ComponentView, WorkflowView } from '../../shared/snapshot.ts'
import css from './BoardRow.module.css'
import { PartsBar } from './PartsBar.tsx'

export function BoardRowCells({ row }: { readonly row: BoardRow }) {
  switch (row.kind) {
    case 'head':
      return <HeadCells head={row} />
    case 'component':
      return <ComponentCells component={row.component} />
    case 'workflow':
      return <WorkflowCells workflow={row.workflow} />
  }
}

function HeadCells({ head }: { readonly head: BoardHead }) {
  return (
    <Cell className={css.head}>{head.project === null ? head.title : <Project name={head.project} />}</Cell>
  )
}

function ComponentCells({ component }: { readonly component: ComponentView }) {
  const { component: name, state, version, updatedBy, updatedAt } = component
  const tone = toneOf(state)
  return (
    <>
      <Cell className={css.words}>
        <p className={css.title}>
          <Foreign text={name} />
        </p>
        <p className={css.below}>
          {version !== null && (
            <>
              <Foreign text={version} /> ·{' '}
            </>
          )}
          <span className={tone === 'red' ? css.red : undefined}>
            <Time at={updatedAt} />
          </span>
          {updatedBy !== null && (
            <>
              {' '}
              · <Foreign text={updatedBy} />
            </>
          )}
        </p>
      </Cell>
      <Cell className={css.state}>
        <Chip tone={tone}>
          <Foreign text={toStateWords(state)} className={css.clip} />
        </Chip>
      </Cell>
    </>
  )
}

function WorkflowCells({ workflow }: { readonly workflow: WorkflowView }) {
  const { name, project, status } = workflow
  return (
    <>
      <Cell className={css.words}>
        <p className={css.title}>
          <Foreign text={name || 'A workflow without a name'} />
        </p>
        <p className={css.below}>
          {project !== null && (
            <>
              <Project name={project} /> ·{' '}
            </>
          )}
          {describeParts(workflow)}
        </p>
      </Cell>
      <Cell className={css.bar}>
        <PartsBar workflow={workflow} />
      </Cell>
      <Cell className={css.state}>
        <Chip tone={toneOf(status)}>
          <Foreign text={toStateWords(status)} className={css.clip} />
        </Chip>
      </Cell>
    </>
  )
}
