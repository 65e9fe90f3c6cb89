/**
 * Turns what a front sends (unknown until parsed) into a call of a handler. Known name? parses? runs? → envelope.
 * Whether the sender may ask at all is the transport's question: IPC checks the frame, loopback the token.
 */
import { commands, type CommandError, type CommandHandlers, type CommandName } from '../../shared/protocol.ts'
import { err, type Result } from '../../shared/result.ts'

/** Never rejects. */
export type Dispatch = (name: unknown, input: unknown) => Promise<Result<unknown, CommandError>>

/** Takes what went wrong, for the log; the front gets a code and a sentence, no more. */
export type DispatchLog = (text: string, cause: unknown) => void

const isCommandName = (name: unknown): name is CommandName =>
  typeof name === 'string' && Object.hasOwn(commands, name)

/** Names from outside go to the log short and on one line. */
const shown = (name: unknown): string => JSON.stringify(String(name).slice(0, 80))

/** The one dispatcher of every front. */
export function createDispatcher(handlers: CommandHandlers, log: DispatchLog): Dispatch {
  return async (name, input) => {
    if (!isCommandName(name)) {
      log(`unknown command ${typeof name === 'string' ? shown(name) : `of type ${typeof name}`}`, null)
      return err({
        code: 'unknown-command',
        message: 'This version of Coord Tray does not know that command.',
      })
    }
    try {
      // An absent input and `null` are the same "nothing": JSON and structured clone differ in what they keep.
      const parsed = commands[name].input.safeParse(input ?? null)
      if (!parsed.success) {
        log(`invalid input for ${name}`, parsed.error.issues)
        return err({
          code: 'invalid-input',
          message: 'What was entered cannot be used. Check it and try again.',
        })
      }
      const handler = handlers[name] as (input: unknown) => Promise<Result<unknown, CommandError>>
      return await handler(parsed.data)
    } catch (cause) {
      log(`command ${name} failed`, cause)
      return err({ code: 'failed', message: 'Something went wrong inside Coord Tray. The log says what.' })
    }
  }
}
