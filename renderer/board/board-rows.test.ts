import { describe, expect, it } from 'vitest'
import type { ComponentView, WorkflowView } from '../../shared/snapshot.ts'
import { countOf } from '../frame/views.ts'
import {
  componentId,
  describeBoard,
  describeParts,
  partsOf,
  toColumns,
  toFlatRows,
  toneOf,
  toWorkflowRows,
  troubleOf,
} from './board-rows.ts'

const part = (component: string, state: string, change: Partial<ComponentView> = {}): ComponentView => ({
  project: 'web',
  component,
  state,
  version: null,
  notes: null,
  updatedBy: null,
  updatedAt: '2026-05-12T10:00:00Z',
  ...change,
})
const flow = (id: string, statuses: readonly string[], change: Partial<WorkflowView> = {}): WorkflowView => ({
  id,
  project: 'web',
  name: id,
  status: 'active',
  itemsTotal: statuses.length,
  itemsCompleted: statuses.filter((status) => status === 'completed').length,
  items: statuses.map((status, at) => ({ id: String(at), title: `Item ${at}`, status })),
  ...change,
})
const all = { filter: '', project: null }

describe('columns', () => {
  const parts = [
    part('a', 'deployed'),
    part('b', 'building'),
    part('c', 'FAILED', { updatedAt: '2026-05-12T09:00:00Z' }),
    part('d', 'degraded'),
    part('e', 'failed'),
    part('f', 'strange'),
    part('g', 'deployed', { project: 'apps' }),
    part('h', 'degraded', { project: 'zoo' }),
    part('i', 'built', { project: null }),
  ]
  it('have what failed first, the newest before the older, then trouble, work, the unknown, and what rests', () => {
    const [web] = toColumns(parts, all)
    expect(web?.rows.map((row) => row.component.component)).toEqual(['e', 'c', 'd', 'b', 'f', 'a'])
  })
  it('stand with those first in which something is wrong; the one without a project last', () => {
    expect(toColumns(parts, all).map((column) => column.project)).toEqual(['web', 'zoo', 'apps', null])
  })
  it('are filtered by any word, and kept to a project', () => {
    expect(toColumns(parts, { filter: 'fail', project: null }).map((one) => one.rows.length)).toEqual([2])
    expect(toColumns(parts, { filter: '', project: 'zoo' }).map((one) => one.project)).toEqual(['zoo'])
  })
  it('say what is wrong, and nothing else', () => {
    const columns = toColumns(parts, all)
    expect(troubleOf(columns[0]?.rows ?? [])).toBe('2 failed, 1 in trouble')
    expect(troubleOf(columns[2]?.rows ?? [])).toBe('')
    expect(describeBoard(columns, [])).toBe('9 components · 2 failed, 2 in trouble')
  })
  it('of one name in two projects are two things', () => {
    expect(componentId(part('a/b', 'x', { project: null }))).not.toBe(
      componentId(part('b', 'x', { project: 'a' })),
    )
  })
  it('are one list where there is no room, each with its head', () => {
    const rows = toFlatRows(toWorkflowRows([flow('w', [])], all), toColumns(parts.slice(6, 7), all))
    expect(rows.map((row) => row.kind)).toEqual(['head', 'workflow', 'head', 'component'])
  })
})

describe('a state', () => {
  it('is red only where it failed, amber only where it is in trouble, and never green', () => {
    expect(['failed', 'Error', 'down'].map(toneOf)).toEqual(['red', 'red', 'red'])
    expect(['degraded', 'blocked'].map(toneOf)).toEqual(['amber', 'amber'])
    expect(['deployed', 'completed', 'built', 'whatever', ''].map(toneOf)).toEqual(Array(5).fill('plain'))
  })
})

describe('workflows', () => {
  it('are blocked ones first, those that are over last', () => {
    const rows = toWorkflowRows(
      [
        flow('done', [], { status: 'completed' }),
        flow('b', []),
        flow('stuck', [], { status: 'blocked' }),
        flow('a', []),
      ],
      all,
    )
    expect(rows.map((row) => row.workflow.id)).toEqual(['stuck', 'a', 'b', 'done'])
  })
  it('are found by their items', () => {
    expect(toWorkflowRows([flow('w', ['pending'])], { filter: 'item 0', project: null })).toHaveLength(1)
  })
  it('say in words what the bar shows', () => {
    const one = flow('w', ['completed', 'in_progress', 'pending', 'pending', 'odd'])
    expect(partsOf(one)).toEqual([
      { kind: 'completed', n: 1 },
      { kind: 'in_progress', n: 1 },
      { kind: 'pending', n: 2 },
      { kind: 'other', n: 1 },
    ])
    expect(describeParts(one)).toBe('1 of 5 completed, 1 in progress, 2 pending, 1 in another state')
    expect(describeParts(flow('w', []))).toBe('no work items')
  })
  it('of which not all items are listed say only what is known', () => {
    const cut = flow('w', ['completed', 'pending'], { itemsTotal: 30, itemsCompleted: 4 })
    expect(partsOf(cut)).toEqual([
      { kind: 'completed', n: 4 },
      { kind: 'open', n: 26 },
    ])
    expect(describeParts(cut)).toBe('4 of 30 completed')
  })
})

describe('what is in trouble', () => {
  it.each(['failed', 'error', 'DOWN', 'Failed', 'degraded', 'blocked', 'deployed', 'unheard-of'])(
    'means the same on the board and in the number beside its name: %s',
    (state) => {
      const components = [part('a', state), part('b', 'deployed')]
      const totals = { components: 2 } as never
      const n = countOf('board', { attention: [], totals, components, readAt: null }, new Set())?.n
      expect(n).toBe(toneOf(state) === 'plain' ? 0 : 1)
    },
  )
})
