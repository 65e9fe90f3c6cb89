/** A notification is raised once its service answers: what happens to it, or to the service, meanwhile. */
import type { NotificationConstructorOptions } from 'electron'
import { expect, it } from 'vitest'
import type { NotificationPart } from './electron-parts.ts'
import { createNotifier } from './notifications.ts'

const view = (id: string, title = id) => ({ id, title, body: '', isUrgent: false })

function setUp() {
  const raised: string[] = []
  const outcomes: (readonly [string, string | null])[] = []
  const answers: ((does: boolean) => void)[] = []
  const notifier = createNotifier({
    create: ({ title }: NotificationConstructorOptions) =>
      ({
        on: () => undefined,
        show: () => raised.push(title ?? ''),
        close: () => undefined,
      }) as unknown as NotificationPart,
    service: { now: () => 'running', answers: () => new Promise((resolve) => answers.push(resolve)) },
    platform: 'linux',
    icon: '',
    onClick: () => undefined,
    onAction: () => undefined,
    onActed: () => undefined,
    onOutcome: (id, failure) => outcomes.push([id, failure]),
    log: { warn: () => undefined },
  })
  /** The service answers all questions so far. */
  const answer = async (does: boolean): Promise<void> => {
    for (const resolve of answers.splice(0)) resolve(does)
    await Promise.resolve()
    await Promise.resolve()
  }
  return { notifier, raised, outcomes, answer }
}

it('nothing is raised before the service answers, then all in their order', async () => {
  const { notifier, raised, answer } = setUp()
  notifier.apply([view('a'), view('b')], [])
  expect([raised, notifier.count()]).toEqual([[], 0])
  await answer(true)
  expect([raised, notifier.count()]).toEqual([['a', 'b'], 2])
})

it('what is withdrawn meanwhile is not raised, and of two for one thing the later is, once', async () => {
  const { notifier, raised, outcomes, answer } = setUp()
  notifier.apply([view('a'), view('b', 'first'), view('c')], [])
  notifier.apply([view('b', 'second')], ['a'])
  await answer(true)
  expect([raised, outcomes]).toEqual([['c', 'second'], []])
  notifier.apply([view('d')], [])
  notifier.closeAll()
  await answer(true)
  expect(raised).toEqual(['c', 'second'])
})

it('a service that does not answer is a failure, and Electron is not asked', async () => {
  const { notifier, raised, outcomes, answer } = setUp()
  notifier.apply([view('a')], [])
  await answer(false)
  expect([raised, outcomes]).toEqual([[], [['a', 'the notification service does not answer']]])
  notifier.apply([view('a')], [])
  await answer(true)
  expect(raised).toEqual(['a'])
})
