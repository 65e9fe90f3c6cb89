/** Doctor's look at what AI sessions run here: hooks, guard, MCP server. */
import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { createWorkTrees } from '../../adapters/work-trees.ts'
import { faultText } from '../../core/sessions/guard-words.ts'
import { nearestWorkspace, workTreeTop, type Context } from '../context.ts'
import { installedServer } from '../commands/mcp-install.ts'
import { areInstalled, checkHooks } from './check-hooks.ts'
import { bad, well, type Finding } from './finding.ts'

export function checkSessions(context: Context): readonly Finding[] {
  const here = nearestWorkspace(context.cwd)
  const place = here ?? workTreeTop(context.cwd) ?? context.cwd
  const hooks = checkHooks(place, context.home, Date.now())
  return [...hooks, guard(context, areInstalled(place)), mcp(here)]
}

/** `isAsked`: hooks are installed that ask it. */
function guard(context: Context, isAsked: boolean): Finding {
  const tree = createWorkTrees().find(context.cwd)
  if (tree === null) return well('guard', 'guards nothing here: this is no git work tree')
  if (tree.fault !== null) return bad('guard', faultText(tree.top, tree.fault), 'Mend .claude/coord.json.')
  const modes = { block: 'stops an edit', warn: 'tells', off: 'is off' } as const
  if (!isAsked && tree.config.guard !== 'off')
    return well('guard', `project ${tree.project}; nothing asks it: no session hooks are installed here`)
  return well(
    'guard',
    `project ${tree.project}; it ${modes[tree.config.guard]} where another session holds a file`,
  )
}

function mcp(here: string | null): Finding {
  const check = 'MCP server'
  if (here === null) return well(check, 'not looked for: this is no workspace')
  let text = ''
  try {
    text = readFileSync(join(here, '.mcp.json'), 'utf8')
  } catch {
    // none
  }
  const server = installedServer(text)
  if (server === null) return well(check, 'not installed ("coord mcp install" adds it)')
  const gone = [server.command, ...server.args.slice(0, 1)].find(
    (file) => isAbsolute(file) && !existsSync(file),
  )
  return gone === undefined
    ? well(check, 'installed')
    : bad(check, `installed, and ${gone} is gone`, 'Run "coord mcp install" again.')
}
