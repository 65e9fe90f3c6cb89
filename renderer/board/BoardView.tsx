/** What the project is at: component states, workflows with their progress. Read-only. */
import { useState } from 'react'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { Time } from '../parts/Time.tsx'
import { useAsked } from '../data/use-asked.ts'
import { VirtualList } from '../parts/VirtualList.tsx'
import type { ViewProps } from '../parts/view.ts'

type Component = AppSnapshot['components'][number]
type Workflow = AppSnapshot['workflows'][number]
type Row =
  | { readonly kind: 'head'; readonly key: string; readonly title: string; readonly count: number }
  | { readonly kind: 'component'; readonly key: string; readonly component: Component }
  | { readonly kind: 'workflow'; readonly key: string; readonly workflow: Workflow }

/** Conventional values have a tone; an unknown one is shown as it is. */
function toneOf(state: string): 'good' | 'busy' | 'warn' | 'plain' {
  if (/^(deployed|built|completed|ok|healthy)$/i.test(state)) return 'good'
  if (/^(building|deploying|active|in_progress)$/i.test(state)) return 'busy'
  if (/^(degraded|blocked|failed|error|down)$/i.test(state)) return 'warn'
  return 'plain'
}
const readable = (state: string): string => state.replaceAll('_', ' ') || 'unknown'

function toRows({ components, workflows }: AppSnapshot): readonly Row[] {
  const rows: Row[] = []
  if (components.length > 0)
    rows.push({ kind: 'head', key: 'components', title: 'Components', count: components.length })
  const byProject = [...components].sort((a, b) => (a.project ?? '').localeCompare(b.project ?? ''))
  for (const component of byProject) {
    rows.push({
      kind: 'component',
      key: `component ${JSON.stringify([component.project, component.component])}`,
      component,
    })
  }
  if (workflows.length > 0)
    rows.push({ kind: 'head', key: 'workflows', title: 'Workflows', count: workflows.length })
  for (const workflow of workflows) rows.push({ kind: 'workflow', key: `workflow ${workflow.id}`, workflow })
  return rows
}

/** Whether the snapshot's pages hold all there is. */
const isWhole = ({ components, workflows, totals }: AppSnapshot): boolean =>
  components.length === totals.components &&
  workflows.length === totals.workflows &&
  workflows.every((flow) => flow.items.length === flow.itemsTotal)

export function BoardView({ snapshot: first, acts }: ViewProps) {
  const whole = useAsked(acts, 'board.list', null, isWhole(first) ? '' : `at ${first.readAt ?? ''}`)
  const snapshot = isWhole(first) || whole === undefined ? first : { ...first, ...whole }
  const [openId, setOpenId] = useState<string | null>(null)
  const rows = toRows(snapshot)
  if (rows.length === 0) {
    return (
      <div className="empty">
        <p>No component and no workflow is known yet.</p>
        <p>
          Sessions report them with <code>coord component set</code> and <code>coord workflow create</code>.
        </p>
      </div>
    )
  }
  const draw = (row: Row, tabIndex: 0 | -1) => {
    switch (row.kind) {
      case 'head':
        return (
          <h2 className="list-head">
            {row.title} <span className="count">{row.count}</span>
          </h2>
        )
      case 'component': {
        const { component } = row
        return (
          <div className="entry flat board">
            <div>
              <p className="breaks">
                <strong>{component.component}</strong>
                <span className="muted"> · {component.project ?? 'no project'}</span>
              </p>
              <p className="muted breaks">
                {component.version && `${component.version} · `}
                {component.updatedBy && `${component.updatedBy} · `}
                <Time at={component.updatedAt} />
              </p>
              {component.notes && <p className="breaks">{component.notes}</p>}
            </div>
            <span className={`chip ${toneOf(component.state)}`}>{readable(component.state)}</span>
          </div>
        )
      }
      case 'workflow': {
        const { workflow } = row
        const isOpen = openId === workflow.id
        return (
          <div className="entry">
            <button
              className="entry-main board"
              data-main
              tabIndex={tabIndex}
              aria-expanded={isOpen}
              onClick={() => setOpenId(isOpen ? null : workflow.id)}
            >
              <span>
                <strong className="breaks">{workflow.name}</strong>
                <span className="muted"> · {workflow.project ?? 'no project'}</span>
                <span className="muted block">
                  {workflow.itemsTotal === 0
                    ? 'no work items'
                    : `${workflow.itemsCompleted} of ${workflow.itemsTotal} work items completed`}
                </span>
              </span>
              <span className={`chip ${toneOf(workflow.status)}`}>{readable(workflow.status)}</span>
            </button>
            {workflow.itemsTotal > 0 && (
              <progress
                aria-label={`Progress of ${workflow.name}`}
                max={workflow.itemsTotal}
                value={workflow.itemsCompleted}
              />
            )}
            {isOpen && (
              <div className="entry-more">
                {workflow.items.length === 0 ? (
                  <p className="muted">Its work items were not listed by the API.</p>
                ) : (
                  <ul className="plain">
                    {workflow.items.slice(0, 500).map((item) => (
                      <li key={item.id} className="pair">
                        <span className="breaks">{item.title}</span>
                        <span className={`chip ${toneOf(item.status)}`}>{readable(item.status)}</span>
                      </li>
                    ))}
                  </ul>
                )}
              </div>
            )}
          </div>
        )
      }
    }
  }
  return (
    <div className="view">
      <VirtualList
        label="Components and workflows"
        rows={rows}
        keyOf={(row) => row.key}
        hasMain={(row) => row.kind === 'workflow'}
        estimatePx={60}
        draw={draw}
      />
    </div>
  )
}
