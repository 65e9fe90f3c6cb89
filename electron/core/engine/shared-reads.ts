/** A client of the API whose whole reads of the lock list go into the state: what a release reads back is what fronts show. */
import { isOfMachine } from '../../../shared/session.ts'
import { createCoordClient, type CoordClient } from '../coord/coord-client.ts'
import type { HandlerContext } from './deps.ts'

export function createSharedClient({
  deps,
  state,
  dispatch,
}: Pick<HandlerContext, 'deps' | 'state' | 'dispatch'>): CoordClient {
  const client = createCoordClient(deps.connection)
  return {
    ...client,
    async locks(query = {}) {
      const read = await client.locks(query)
      const isWhole = query.project === undefined && query.resource === undefined
      if (read.kind !== 'rows' || !isWhole || read.cap !== null) return read
      const { machine } = query
      // Asked for one machine's only: those of the others are as they were.
      const others = machine ? state().locks.filter((l) => !isOfMachine(l.session_id, machine)) : []
      const mine = machine ? read.rows.filter((l) => isOfMachine(l.session_id, machine)) : read.rows
      dispatch({
        kind: 'locks.read',
        rows: [...mine, ...others],
        unreadable: read.unreadable,
        at: deps.clock.now(),
        skewMs: deps.connection.serverSkewMs(),
      })
      return read
    },
  }
}
