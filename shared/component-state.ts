/** What a component's state means to a person: one meaning for the board, its number, and what the picture lists first. Pure. */

const FAILED: ReadonlySet<string> = new Set(['failed', 'error', 'down'])
const TROUBLED: ReadonlySet<string> = new Set(['degraded', 'blocked'])

/** The state of a component, a workflow or its item; null: nothing is wrong with it, or its word is not known. */
export function troubleOfState(state: string): 'failed' | 'troubled' | null {
  const low = state.toLowerCase()
  return FAILED.has(low) ? 'failed' : TROUBLED.has(low) ? 'troubled' : null
}
