/** What the projects are at: workflows as bars of their items, components by project with what failed first. Read-only. */
import { useId, useMemo, useState, type KeyboardEvent } from 'react'
import { degradedWords, wrongAnswerWords } from '../../shared/attention.ts'
import { showInvisible, toCount, toSpan } from '../../shared/text.ts'
import { useNow } from '../data/clock.ts'
import { fromHash } from '../data/routes.ts'
import { useIsNarrow, useIsWide } from '../data/use-media.ts'
import { go, useCanAct, useRoute, useSnapshot } from '../data/window.ts'
import { Project } from '../parts/Chip.tsx'
import { Empty } from '../parts/Empty.tsx'
import { Filter } from '../parts/Filter.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { HEAD_PX, List, ROW_PX } from '../parts/List.tsx'
import { ListDetail } from '../parts/ListDetail.tsx'
import { NothingFits } from '../parts/NothingFits.tsx'
import { View } from '../parts/View.tsx'
import {
  columnTitle,
  componentId,
  describeBoard,
  toColumns,
  toFlatRows,
  toWorkflowRows,
  troubleOf,
  workflowId,
  type BoardRow,
  type Column,
  type WorkflowRow,
} from './board-rows.ts'
import { BoardRowCells } from './BoardRow.tsx'
import { ComponentDetail, WorkflowDetail } from './BoardDetail.tsx'
import css from './BoardView.module.css'
import { useBoard, type Board, type BoardRead } from './use-board.ts'

/** So many workflows stand above the columns; the rest is scrolled to. */
const FLOWS_SHOWN = 4

interface RowsProps {
  readonly label: string
  readonly rows: readonly BoardRow[]
}

/** A list of the board: a row opens its detail, which then follows the focus. */
function Rows({ label, rows }: RowsProps) {
  const { id } = useRoute()
  const isWide = useIsWide()
  return (
    <List
      label={label}
      rows={rows}
      keyOf={(row) => row.key}
      heightOf={(row) => (row.kind === 'head' ? HEAD_PX : ROW_PX)}
      draw={(row) => <BoardRowCells row={row} />}
      openKey={id}
      canOpen={(row) => row.kind !== 'head'}
      onOpen={(row) => go({ id: row.key })}
      {...(isWide && id !== null
        ? { onMove: (row: BoardRow) => row.kind !== 'head' && go({ id: row.key }, 'replace') }
        : {})}
    />
  )
}

/** The heading of a project, with how many components it has and what is wrong with them. */
function ColumnHead({ id, column: { project, rows } }: { readonly id: string; readonly column: Column }) {
  const trouble = troubleOf(rows)
  return (
    <h2 className={css.columnHead}>
      <span id={id} className={css.columnName}>
        {project === null ? columnTitle(project) : <Project name={project} />}
      </span>
      <span className={css.columnCount}>
        {toCount(rows.length)}
        {trouble === '' ? '' : ` · ${trouble}`}
      </span>
    </h2>
  )
}

function Columns({
  flows,
  columns,
}: {
  readonly flows: readonly WorkflowRow[]
  readonly columns: readonly Column[]
}) {
  const id = useId()
  return (
    <div className={css.board}>
      {flows.length > 0 && (
        <div role="group" className={css.flows} aria-labelledby={id}>
          <h2 id={id}>Workflows</h2>
          <div
            className={css.flowRows}
            style={{ height: Math.min(flows.length, FLOWS_SHOWN + 0.5) * ROW_PX }}
          >
            <Rows label="Workflows" rows={flows} />
          </div>
        </div>
      )}
      <div className={css.columns} onKeyDown={moveOver}>
        {columns.map((column, at) => (
          <div
            role="group"
            key={JSON.stringify(column.project)}
            className={css.column}
            aria-labelledby={`${id}-${at}`}
            // A column beyond the edge comes whole into view with its row.
            onFocus={(event) => event.currentTarget.scrollIntoView({ block: 'nearest', inline: 'nearest' })}
          >
            <ColumnHead id={`${id}-${at}`} column={column} />
            <Rows label={showInvisible(`Components of ${columnTitle(column.project)}`)} rows={column.rows} />
          </div>
        ))}
      </div>
    </div>
  )
}

/** Arrows to the side go to the same place in the next column; an open detail follows. */
function moveOver(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  const row = event.target as HTMLElement
  if (by === undefined || row.getAttribute('role') !== 'row') return
  if (event.altKey || event.ctrlKey || event.metaKey) return
  const lists = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=grid]')]
  const next = lists[lists.findIndex((list) => list.contains(row)) + by]
  const rows = next ? [...next.querySelectorAll<HTMLElement>('[role=row]')] : []
  const place = row.getBoundingClientRect().top
  const distance = (one: HTMLElement): number => Math.abs(one.getBoundingClientRect().top - place)
  const nearest = rows.reduce<HTMLElement | null>(
    (best, one) => (best === null || distance(one) < distance(best) ? one : best),
    null,
  )
  if (!nearest) return
  event.preventDefault()
  nearest.scrollIntoView({ inline: 'nearest', block: 'nearest' })
  nearest.focus({ preventScroll: true })
  const key = nearest.dataset['key']
  if (key !== undefined && fromHash(location.hash).id !== null) go({ id: key }, 'replace')
}

/** Where the API is not there, what it said last is not how things are. */
function Old() {
  const { state, since, until, isOverdue, isRefused } = useSnapshot((all) => all.connection)
  const now = useNow()
  const away = Date.parse(since)
  const why = {
    offline: Number.isNaN(away)
      ? 'The API does not answer'
      : `The API has been away for ${toSpan(now - away)}`,
    degraded: degradedWords({ until, isOverdue }),
    'wrong-answer': wrongAnswerWords({ isRefused }),
    connecting: 'The API is being asked for',
    online: null,
  }[state]
  if (why === null) return null
  return <p className={css.old}>{why}: this is what was read before.</p>
}

function Nothing() {
  const readAt = useSnapshot((all) => all.readAt)
  const isOnline = useSnapshot((all) => all.connection.state === 'online')
  if (readAt === null)
    return (
      <Empty title="The board was not read yet.">
        <p>{isOnline ? 'It is being read.' : 'It is read as soon as the coordination API answers.'}</p>
      </Empty>
    )
  return (
    <Empty title="No component and no workflow is known.">
      <p>
        Sessions report them with <code>coord component set</code> and <code>coord workflow create</code>.
      </p>
    </Empty>
  )
}

type Open = Board['components'][number] | Board['workflows'][number] | undefined

/** What the address names, whether or not the filter lets it through. */
function openOf({ components, workflows }: Board, id: string | null): Open {
  if (id === null) return undefined
  return components.find((one) => componentId(one) === id) ?? workflows.find((one) => workflowId(one) === id)
}

/** What to say of an address that names nothing that was read. */
function describeMissing(isAll: boolean, hasRead: boolean, canAsk: boolean): string {
  if (!hasRead) return 'The board was not read yet.'
  if (isAll) return 'This is not on the board any more.'
  return canAsk ? 'Reading…' : 'Whether it is on the board cannot be read now.'
}

function detailOf(open: Open, id: string | null) {
  if (open === undefined || id === null) return null
  return 'component' in open
    ? { key: id, title: <Foreign text={open.component} />, body: <ComponentDetail component={open} /> }
    : {
        key: id,
        title: <Foreign text={open.name || 'A workflow without a name'} />,
        body: <WorkflowDetail workflow={open} />,
      }
}

/** What the address names, what to say where it is not there, and how to have its row in the list. */
function useOpen({ board, page, isAll }: BoardRead, onAll: () => void, isInList: boolean) {
  const { id } = useRoute()
  const hasRead = useSnapshot((all) => all.readAt !== null)
  const canAsk = useCanAct()
  // What came a moment ago is in the picture before it is in what was asked for.
  const open = openOf(board, id) ?? openOf(page, id)
  const onShow = (): void => {
    onAll()
    go({ id, project: null }, 'replace')
  }
  return {
    detail: detailOf(open, id),
    missing: id === null || open !== undefined ? null : describeMissing(isAll, hasRead, canAsk),
    hidden:
      open === undefined || isInList ? null : { why: 'The list is narrowed, and does not show it.', onShow },
  }
}

export function BoardView() {
  const { id, project } = useRoute()
  const read = useBoard()
  const { board, isAll } = read
  const isNarrow = useIsNarrow()
  const [filter, setFilter] = useState('')
  const { components, workflows } = board
  const columns = useMemo(() => toColumns(components, { filter, project }), [components, filter, project])
  const flows = useMemo(() => toWorkflowRows(workflows, { filter, project }), [workflows, filter, project])
  const flat = useMemo(() => toFlatRows(flows, columns), [flows, columns])
  const hasAny = components.length + workflows.length > 0
  const isShown = flat.length > 0
  const open = useOpen(
    read,
    () => setFilter(''),
    flat.some((row) => row.key === id),
  )
  return (
    <View
      title="Board"
      sub={
        isShown ? (
          <span className={css.sub}>
            {describeBoard(columns, flows)}
            {isAll ? '' : ' read so far'}
          </span>
        ) : undefined
      }
      tools={hasAny && <Filter label="Filter the board" value={filter} onChange={setFilter} />}
    >
      <div className={css.whole}>
        {hasAny && <Old />}
        {hasAny ? (
          <ListDetail
            list={
              !isShown ? (
                <NothingFits
                  one="component or workflow"
                  filter={filter}
                  onFilter={setFilter}
                  isReading={!isAll}
                />
              ) : isNarrow ? (
                <Rows label="Workflows and components" rows={flat} />
              ) : (
                <Columns flows={flows} columns={columns} />
              )
            }
            {...open}
            nothing={null}
            onClose={() => go({ id: null })}
          />
        ) : (
          <Nothing />
        )}
      </div>
    </View>
  )
}
