/** Doctor's look at the queues: folders, who sends from them, and what keeps their calls. */
import { statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { checkFolder } from '../../adapters/self-check.ts'
import { claudeFile, projectsIn } from '../../adapters/claude-projects.ts'
import { usedFolders } from '../../adapters/find-workspaces.ts'
import { workspacesOf, type Context } from '../context.ts'
import type { WorkspaceSummary } from '../../core/outbox/contract.ts'
import { diskWords } from '../../../shared/data-folder.ts'
import { THIS_APP } from '../../../shared/this-app.ts'
import { counted } from '../../../shared/text.ts'
import { mayBeWritten, openThem } from '../outboxes.ts'
import { claimFault } from './claim-fault.ts'
import { bad, well, type Finding } from './finding.ts'

/** The app reads no larger list of the tool's. */
const READ_BY_APP_BYTES = 32 * 1024 * 1024

export async function checkQueues(context: Context): Promise<readonly Finding[]> {
  const workspaces = workspacesOf(context)
  const opened = await openThem(context, workspaces)
  try {
    const findings: Finding[] = []
    for (const outbox of opened.outboxes) findings.push(queue(await outbox.summary()))
    return [...findings, well('folders used before', folders(context)), await toolsList(process.env)]
  } finally {
    await opened.close()
  }
}

const folders = (context: Context): string => {
  const all = usedFolders(context.home)
  return all.length === 0 ? 'none' : `${counted(all.length, 'folder')}, watched by the app`
}

function queue({ name, path, waiting, setAsideCount, problem }: WorkspaceSummary): Finding {
  const check = name === THIS_APP ? 'queue of this app' : `workspace ${name}`
  const fault = problem === null ? claimFault(path, waiting) : null
  if (fault !== null) return bad(check, fault.detail, fault.fix)
  const { isWell, detail, fix } = checkFolder(
    check,
    path,
    'Make it a folder that can be written, or take it out of the workspaces.',
  )
  // the data folder has a line of its own
  if (isWell === false && name !== THIS_APP) return bad(check, detail, fix)
  if (!mayHoldRecords(path))
    return bad(
      check,
      `${path}/.claude/.coord-outbox is no folder that can be written`,
      'Make it one, or move it away.',
    )
  if (problem !== null) return bad(check, problem, 'Mend that: sending goes on by itself.')
  const aside = setAsideCount > 0 ? `, ${setAsideCount} set aside ("coord queue list")` : ''
  return well(check, `${path}: ${waiting} waiting${aside}`)
}

/** Where the records of its calls lie, or will. */
function mayHoldRecords(path: string): boolean {
  const found = statSync(join(path, '.claude', '.coord-outbox'), { throwIfNoEntry: false })
  return (found === undefined || found.isDirectory()) && mayBeWritten(path)
}

/** Claude Code's own list of projects, whatever its size: the app suggests folders from it. */
async function toolsList(env: NodeJS.ProcessEnv): Promise<Finding> {
  const check = "Claude Code's list"
  const file = claudeFile(env)
  try {
    const { size } = await stat(file)
    const projects = projectsIn(await readFile(file, 'utf8'))
    if (projects === undefined)
      return bad(check, `${file} is damaged`, 'Start Claude Code once: it writes it anew.')
    const words = `${file}: ${counted(projects.length, 'project')}, ${Math.ceil(size / 1024)} kB`
    return size > READ_BY_APP_BYTES
      ? bad(check, `${words}; the app reads none that large`, 'Name project folders in Settings.')
      : well(check, words)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return well(check, 'there is none')
    return bad(check, diskWords(error), 'Make it readable, or name project folders in Settings.')
  }
}
