/** What the first run asks, and the one command that its answers are. Pure. */
import type { InputOf } from '../../shared/protocol.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import type { ApiKind } from '../parts/ApiChoice.tsx'
import { isAddress } from '../settings/api-address.ts'

export interface Draft {
  readonly machineName: string
  readonly kind: ApiKind
  readonly address: string
  readonly isAtLogin: boolean
  /** Folders to watch beside those that are watched already. */
  readonly folders: readonly string[]
}

export const firstDraft = ({ machineName, apiUrl }: AppSnapshot['settings']): Draft => ({
  machineName,
  kind: apiUrl === null ? 'serve' : 'join',
  address: apiUrl ?? '',
  isAtLogin: false,
  folders: [],
})

/** What is missing or wrong, as a sentence; undefined where all is there. */
export function lackOf(draft: Draft, { setBy }: AppSnapshot['settings']): string | undefined {
  if (draft.machineName.trim() === '') return 'The machine needs a name.'
  if (setBy.apiUrl === undefined && draft.kind === 'join' && !isAddress(draft.address))
    return 'The address of the team\u2019s API is needed.'
  return undefined
}

/** Nothing that a variable sets is sent. */
export function answersOf(
  draft: Draft,
  { settings, front }: Pick<AppSnapshot, 'settings' | 'front'>,
): InputOf<'settings.update'> {
  const { setBy, workspaces } = settings
  return {
    ...(setBy.machineName === undefined ? { machineName: draft.machineName.trim() } : {}),
    ...(setBy.workspaces === undefined
      ? { workspaces: [...new Set([...workspaces, ...draft.folders])] }
      : {}),
    ...(setBy.apiUrl === undefined ? { apiUrl: draft.kind === 'join' ? draft.address.trim() : null } : {}),
    ...(front.startsAtLogin ? { startAtLogin: draft.isAtLogin } : {}),
    isSetUp: true,
  }
}
