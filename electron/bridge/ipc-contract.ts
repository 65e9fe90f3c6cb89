/** The two IPC channels between the window and the engine; there are no others. */

/** Request and response: `(name, input) → Result`. */
export const COMMAND_CHANNEL = 'app:command'
/** Push: one whole snapshot. */
export const SNAPSHOT_CHANNEL = 'app:snapshot'
