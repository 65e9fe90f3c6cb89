/** Exit codes, which scripts rely on, and the two ways in which a command ends early. */
export const EXIT = { done: 0, failed: 1, usage: 2, waiting: 3, setAside: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A command cannot go on; ends it with a sentence on stderr. The one exception that is no bug. */
export class Stop extends Error {
  readonly code: ExitCode
  constructor(code: ExitCode, message: string) {
    super(message)
    this.code = code
  }
}
export const usage = (message: string): Stop => new Stop(EXIT.usage, message)
export const failure = (message: string): Stop => new Stop(EXIT.failed, message)
