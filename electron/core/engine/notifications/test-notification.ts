/** "Send a test notification": shows one whatever is muted, and says what the system made of it. */
import type { TestOutcome } from '../../../../shared/protocol.ts'
import type { Clock } from '../../ports.ts'
import type { NotificationView } from './views.ts'
import type { AppEvent } from '../events.ts'

export const TEST_DEADLINE_MS = 5_000

export interface TestDeps {
  readonly clock: Clock
  readonly show: (view: NotificationView) => void
  readonly onEvent: (listener: (event: AppEvent) => void) => () => void
}

export const TEST_ID = 'test'

export function sendTestNotification(deps: TestDeps): Promise<TestOutcome> {
  return new Promise((resolve) => {
    const end = (outcome: TestOutcome): void => {
      unsubscribe()
      cancel()
      resolve(outcome)
    }
    const unsubscribe = deps.onEvent((event) => {
      if (event.kind === 'notification.shown' && event.notificationId === TEST_ID)
        end({
          outcome: 'shown',
          detail: 'The system took it. If you saw nothing, it holds notifications back.',
        })
      if (event.kind === 'notification.failed' && event.notificationId === TEST_ID)
        end({ outcome: 'failed', detail: event.why })
    })
    const cancel = deps.clock.schedule(TEST_DEADLINE_MS, () =>
      end({ outcome: 'silent', detail: 'The system did not say whether it was shown.' }),
    )
    deps.show({
      id: TEST_ID,
      kind: 'test',
      title: 'Coord Tray can reach you',
      body: 'This is the test notification that you asked for.',
      isUrgent: false,
      messageId: null,
    })
  })
}
