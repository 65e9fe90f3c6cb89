/** Whether a key is the second one of a way somewhere (`g c`): then it is no act of the row that has the focus. */

const FIRST = 'g'
/** As long as a sequence waits for its second key. */
const SEQUENCE_MS = 1_500

let firstAt = -Infinity
let isSecond = false

function note(event: KeyboardEvent): void {
  isSecond = event.timeStamp - firstAt < SEQUENCE_MS
  const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey
  firstAt = isPlain && event.key.toLowerCase() === FIRST && !isSecond ? event.timeStamp : -Infinity
}

/** Looks at each key before anything else does; gives back how to end it. */
export function watchSequences(): () => void {
  window.addEventListener('keydown', note, { capture: true })
  return () => window.removeEventListener('keydown', note, { capture: true })
}

/** Asked while a key is handled. */
export const isSecondKey = (): boolean => isSecond
