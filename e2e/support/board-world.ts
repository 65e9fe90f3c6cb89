/** A board of three projects in every state, with workflows. Invented. */
import type { AppSnapshot, ComponentView, WorkflowView } from '../../shared/snapshot.ts'
import { ago, busy } from './window-world.ts'

export const part = (
  component: string,
  state: string,
  change: Partial<ComponentView> = {},
): ComponentView => ({
  project: 'gururmm',
  component,
  state,
  version: '0.9.4',
  notes: null,
  updatedBy: 'LAPTOP-7/claude-main',
  updatedAt: ago(40),
  ...change,
})
const flow = (
  id: string,
  name: string,
  statuses: readonly string[],
  change: Partial<WorkflowView> = {},
): WorkflowView => ({
  id,
  project: 'gururmm',
  name,
  status: 'active',
  itemsTotal: statuses.length,
  itemsCompleted: statuses.filter((status) => status === 'completed').length,
  items: statuses.map((status, n) => ({ id: `${id}-${n}`, title: `${name}: step ${n + 1}`, status })),
  ...change,
})
const many = (status: string, n: number): readonly string[] => Array.from({ length: n }, () => status)

export function boardWorld(): AppSnapshot {
  return {
    ...busy(),
    attention: [],
    components: [
      part('server', 'deployed'),
      part('dashboard', 'building', { updatedAt: ago(3), updatedBy: 'DESKTOP-1/claude-main' }),
      part('alerts', 'failed', {
        updatedAt: ago(9),
        updatedBy: 'SRV-DB/release-bot',
        notes: 'cargo test: 3 of 412 failed in alerts::rules\nRun it again with --nocapture.',
      }),
      part('docs', 'strange-new-state', { version: null }),
      part('agent-windows', 'deployed', { updatedAt: ago(300) }),
      part('agent-macos', 'degraded', { updatedAt: ago(130), notes: 'Slow since the last deploy' }),
      part('mcp', 'degraded', { project: 'claudetools', updatedAt: ago(61) }),
      part('hooks', 'built', { project: 'claudetools', updatedAt: ago(200) }),
      part('ats', 'deploying', { project: 'dataforth-dos', updatedAt: ago(1) }),
      part('a-component-with-a-rather-long-name-that-does-not-fit-anywhere', 'deployed', {
        project: 'dataforth-dos',
        updatedAt: ago(900),
      }),
      part('left-over', 'unknown', { project: null, updatedAt: null, updatedBy: null, version: null }),
    ],
    workflows: [
      flow('w1', 'Move to the new schema', [
        ...many('completed', 5),
        'in_progress',
        'blocked',
        ...many('pending', 4),
      ]),
      flow(
        'w2',
        'Release 0.9.5',
        [...many('completed', 40), ...many('in_progress', 3), ...many('pending', 17)],
        { status: 'blocked' },
      ),
      flow('w3', 'Docs pass', many('completed', 4), { status: 'completed', project: 'claudetools' }),
    ],
  }
}
