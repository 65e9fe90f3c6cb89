/** A workflow as a bar of its items; a decoration: the same stands beside it in words. */
import type { WorkflowView } from '../../shared/snapshot.ts'
import { partsOf } from './board-rows.ts'
import css from './PartsBar.module.css'

/** So many items have a segment each; more are one for each status. */
const APART = 24

export function PartsBar({ workflow }: { readonly workflow: WorkflowView }) {
  const parts = partsOf(workflow)
  const isApart = workflow.itemsTotal <= APART
  if (parts.length === 0) return null
  return (
    <span className={css.bar} aria-hidden="true">
      {parts.flatMap(({ kind, n }) =>
        isApart
          ? Array.from({ length: n }, (_, at) => <span key={`${kind}${at}`} className={css[kind]} />)
          : [<span key={kind} className={css[kind]} style={{ flexGrow: n }} />],
      )}
    </span>
  )
}
