/** The oldest Node that will do. */
export const WANTED: string
export function isEnough(given: string, wanted?: string): boolean
export function isHook(args: readonly string[]): boolean
/** The Node that came with `npm ci`. */
export function ownNode(): { readonly file: string; readonly version: string } | null
/** Runs `go` under this Node or the whole command under the project's; ends the process where there is none. */
export function whenEnough(go: () => unknown, hook?: boolean): void
export function ensureNode(): void
