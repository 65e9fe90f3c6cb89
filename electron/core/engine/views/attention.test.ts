/** What is in the list of what needs a person. */
import { describe, expect, it } from 'vitest'
import { troubleOfState } from '../../../../shared/component-state.ts'
import { componentRow } from '../../../../shared/wire.ts'
import { buildState } from '../../testing/build.ts'
import { toAttention } from './attention.ts'

const attentionFor = (state: string | null) =>
  toAttention({
    ...buildState(),
    components: [componentRow.parse({ project_key: 'p', component: 'api', state })],
  }).filter((one) => one.kind === 'component-failed')

describe('a component that failed', () => {
  it.each(['failed', 'FAILED', 'error', 'Down', 'degraded', 'blocked', 'deployed', 'unheard-of', '', null])(
    'needs a person by the same rule by which the board calls it failed: %s',
    (state) => {
      const isFailed = troubleOfState(state ?? '') === 'failed'
      expect(attentionFor(state)).toHaveLength(isFailed ? 1 : 0)
    },
  )
  it('is one by any word for it', () => {
    for (const state of ['failed', 'ERROR', 'down']) expect(attentionFor(state)).toHaveLength(1)
  })
})
