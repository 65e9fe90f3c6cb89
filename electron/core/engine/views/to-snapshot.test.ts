/** What the picture's first page has when there is more than fits. */
import { expect, it } from 'vitest'
import { componentRow } from '../../../../shared/wire.ts'
import { buildState } from '../../testing/build.ts'
import { toComponentViews } from './to-snapshot.ts'

it.each([
  ['failed', 'built'],
  ['ERROR', 'built'],
  ['down', 'degraded'],
  ['blocked', 'deployed'],
])('lists a component in trouble before all others, by any word for it: %s before %s', (worse, better) => {
  const components = [better, worse].map((state) =>
    componentRow.parse({ project_key: 'p', component: state, state }),
  )
  expect(toComponentViews({ ...buildState(), components }, 1)).toMatchObject([{ state: worse }])
})
