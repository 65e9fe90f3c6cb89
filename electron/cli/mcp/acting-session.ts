/** Whose tools these are: the session of the tool that started this server, as its hooks recorded it. */
import { basename } from 'node:path'
import { callingTool } from '../../adapters/calling-tool.ts'
import { readRecords } from '../../adapters/session-records.ts'
import { systemKeys } from '../../adapters/system.ts'
import { nameSession, pinnedName } from '../../core/sessions/session-name.ts'
import { sessionOf } from '../../core/sessions/session-record.ts'
import { nearestWorkspace, type Context } from '../context.ts'

export interface ActingSession {
  readonly session: string
  /** Nobody else knows this name: what it holds is released when this server ends. */
  readonly isOwn: boolean
}

/**
 * The pinned session; else the one whose hooks ran in the same process of the tool, the latest; else the environment's; else a
 * name that no other process has. Asked anew at each call: a cleared conversation goes on under its name, a resumed one under another.
 */
export function actingSession(context: Context, env: NodeJS.ProcessEnv): ActingSession {
  const pinned = (name: string): ActingSession => ({
    session: pinnedName(context.machine.name, name),
    isOwn: false,
  })
  if (context.givenSession !== null) return pinned(context.givenSession)
  const tool = callingTool()
  const recorded = tool === null ? undefined : sessionOf(readRecords(context.home), tool)
  if (recorded) return { session: recorded.session, isOwn: false }
  // behind the record: a tool that was started in another session's shell has that one's name in its environment
  if (env['COORD_SESSION']) return pinned(env['COORD_SESSION'])
  const folder = nearestWorkspace(context.cwd) ?? context.cwd
  const id = `mcp ${process.pid} ${process.ppid} ${Math.round(performance.timeOrigin)}`
  return {
    session: nameSession(context.machine.name, basename(folder), id, systemKeys, () => false),
    isOwn: true,
  }
}
