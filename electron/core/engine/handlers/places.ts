/** Commands on places of this machine: folders that a person names, and the settings in which a tool's hooks stand. */
import type { CommandHandlers } from '../../../../shared/protocol.ts'
import { ok } from '../../../../shared/result.ts'
import { failure, type HandlerContext } from '../deps.ts'

type Handlers = Pick<CommandHandlers, 'folder.check' | 'folder.pick' | 'hooks.preview' | 'hooks.install'>

const refused = (message: string) => Promise.resolve(failure('refused', message))

export function placeHandlers({ deps }: Pick<HandlerContext, 'deps'>): Handlers {
  const { checkFolder, pickFolder, hooks } = deps
  const noHooks = () => refused('Hooks cannot be installed from here.')
  return {
    'folder.check': ({ path }) =>
      checkFolder
        ? Promise.resolve(ok(checkFolder(path)))
        : refused('Folders cannot be looked at from here.'),
    'folder.pick': async () =>
      pickFolder ? ok({ path: await pickFolder() }) : refused('Only the tray app can ask for a folder.'),
    'hooks.preview': (target) => (hooks ? hooks.preview(target) : noHooks()),
    'hooks.install': (target) => (hooks ? hooks.install(target) : noHooks()),
  }
}
