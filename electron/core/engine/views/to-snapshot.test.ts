/** What the picture's first page has when there is more than fits. */
import { expect, it } from 'vitest'
import { componentRow } from '../../../../shared/wire.ts'
import { buildMessage, buildState } from '../../testing/build.ts'
import { toComponentViews, toSnapshot } from './to-snapshot.ts'

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

it('names the projects of all rows, not of the first page alone, each whole; a name that does not fit is left out', () => {
  const messages = Array.from({ length: 60 }, (_, n) => buildMessage(n, { project_key: `p${n % 50}` }))
  const names = ['p', ...messages.slice(0, 50).map((one) => one.project_key ?? '')].sort()
  const components = [componentRow.parse({ project_key: 'p', component: 'c', state: 'built' })]
  const { projects } = toSnapshot({ ...buildState(), messages, components }, 1)
  expect(projects).toEqual(names)
  const long = [...messages, buildMessage(99, { project_key: 'a'.repeat(5_000) })]
  expect(toSnapshot({ ...buildState(), messages: long, components }, 1).projects).toEqual(names)
})
