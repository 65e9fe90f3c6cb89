/** Asks who holds a lock to give it up, by a message from the person. */
import type { Acts } from '../data/acts.ts'

export interface AskedLock {
  readonly resource: string
  readonly project: string | null
  readonly session: string
  /** Who waits for it, where that is known. */
  readonly by: string | null
}

export async function askHolder({ resource, project, session, by }: AskedLock, acts: Acts): Promise<void> {
  await acts.run(
    'message.send',
    {
      from: `${session.split('/')[0] ?? ''}/coord`,
      to: session,
      project: project ?? 'coord',
      subject: `Please release ${resource}`.slice(0, 500),
      body: `${by ?? 'Another session'} waits for ${resource}, which you hold. Release it as soon as you can, or answer when you will.`,
    },
    (sent) =>
      sent.queued
        ? `Queued: ${session} is asked as soon as the API answers.`
        : `Asked: ${session} has a message.`,
  )
}
