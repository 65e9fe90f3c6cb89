/** Which resources a call of a tool needs, and which one file: the rules of `core/sessions` with this machine's disk. */
import { neededResources, type Needed, type WorkTrees } from '../core/sessions/resources.ts'
import type { Reading } from '../core/sessions/targets.ts'
import { toolTargets } from '../core/sessions/tool-targets.ts'
import { personFolder } from './places.ts'
import { createWorkTrees } from './work-trees.ts'

/** What a call of a tool is about to touch; `folder` is where its session stands. */
export const readToolCall = (
  tool: string,
  input: Readonly<Record<string, unknown>>,
  folder: string,
  trees: WorkTrees,
): Reading =>
  toolTargets(tool, input, {
    folder: trees.real(folder),
    style: process.platform === 'win32' ? 'windows' : 'posix',
    home: personFolder(),
  })

/** What writing one file needs; undefined where it lies in no project, or nothing guards there. */
export function neededForFile(path: string, folder: string, trees = createWorkTrees()): Needed | undefined {
  const { targets } = readToolCall('Write', { file_path: path }, folder, trees)
  return neededResources(targets, trees)[0]
}

/** What a path that a person or a client names needs: of a folder all that is in it, which is only asked for. */
export function neededForPath(path: string, folder: string, trees = createWorkTrees()): Needed | undefined {
  const { targets } = readToolCall('Write', { file_path: path }, folder, trees)
  const named = targets.map((target) =>
    target.kind === 'path' && trees.isFolder(target.path)
      ? { ...target, isTree: true, asks: 'of-folders' as const }
      : target,
  )
  return neededResources(named, trees)[0]
}
