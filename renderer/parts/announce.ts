/**
 * The window's one voice for screen readers. It speaks at most once in three seconds: of what comes faster, the last is said,
 * since each sentence tells how things are and not how they changed.
 */
import { showInvisible } from '../../shared/text.ts'

const EVERY_MS = 3_000

let region: HTMLElement | null = null
let waiting: string | null = null
let spokenAt = -Infinity
let timer: ReturnType<typeof setTimeout> | undefined

function speak(): void {
  timer = undefined
  if (waiting === null || !region) return
  spokenAt = performance.now()
  // The same words twice are two things that happened: a blank makes them new.
  region.textContent = region.textContent === waiting ? `${waiting}\u00a0` : waiting
  waiting = null
}

/** Says a sentence as soon as it may. */
export function say(text: string): void {
  waiting = showInvisible(text)
  timer ??= setTimeout(speak, Math.max(0, spokenAt + EVERY_MS - performance.now()))
}

/** The live region; the frame draws it empty, once. */
export function setVoice(node: HTMLElement | null): void {
  region = node
}
