/** The self-test: the API by its connection and endpoints, then what this front and its machine find out. */
import type { CommandHandlers, Finding } from '../../../../shared/protocol.ts'
import { ok } from '../../../../shared/result.ts'
import { checkEndpoints, type AskApi } from '../../coord/check-endpoints.ts'
import type { HandlerContext } from '../deps.ts'
import type { Notifier } from '../notifier.ts'
import { jsonOf } from '../reads.ts'

type Handlers = Pick<CommandHandlers, 'check.run'>

const NOTIFIER: Readonly<Record<Notifier['state'], string>> = {
  there: 'there is a service for them',
  none: 'this desktop has no service for them',
  died: 'the service for them has ended',
  failing: 'the service refuses them',
}

/** What is known of the notification service, with the way out. */
export function notifierFinding({ state, detail }: Notifier): Finding {
  const isThere = state === 'there'
  return {
    check: 'notifications',
    isWell: isThere ? null : false,
    detail: NOTIFIER[state] + (detail === '' ? '' : `: ${detail}`),
    fix: isThere
      ? 'Send a test notification: only seeing it proves it.'
      : state === 'failing'
        ? 'Messages stay in this window. Allow Coord Tray to notify in the system settings.'
        : 'Messages stay in this window; install or start a notification service. What could not be shown is shown then.',
  }
}

export function checkHandlers({ deps, state }: HandlerContext): Handlers {
  const ask: AskApi = async (path) => {
    const outcome = await deps.connection.get(path)
    return outcome.kind === 'answer'
      ? { kind: 'answer', status: outcome.status, json: jsonOf(outcome) }
      : { kind: 'away', detail: outcome.detail }
  }
  return {
    'check.run': async () => {
      const { state: how, detail } = deps.connection.view()
      const isOnline = how === 'online'
      const findings: Finding[] = [
        {
          check: 'coordination API',
          isWell: isOnline,
          detail: `${state().apiUrl}: ${detail || how}`,
          fix: isOnline
            ? null
            : 'Calls wait and are sent as soon as it answers. Look at the server, or at the address in Settings.',
        },
      ]
      if (isOnline) findings.push(...(await checkEndpoints(ask)))
      if (deps.raisesNotifications) findings.push(notifierFinding(state().notifier))
      findings.push(...((await deps.checkHere?.()) ?? []))
      return ok({ findings })
    },
  }
}
