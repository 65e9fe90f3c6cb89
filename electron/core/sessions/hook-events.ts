/** The moments of a tool's session at which it calls us. */
export const hookEvents = ['start', 'before-tool', 'after-tool', 'prompt', 'stop', 'end'] as const
export type HookEvent = (typeof hookEvents)[number]

export function isHookEvent(text: string): text is HookEvent {
  return (hookEvents as readonly string[]).includes(text)
}
