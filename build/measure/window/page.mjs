// What an open page tells of itself: when its list is painted, its frames, its main thread, its heap.
/* global document, requestAnimationFrame -- in the page */
import { CALLS } from './world.mjs'

const CHANGES = 40
const SCROLL_STEPS = 120

/** Milliseconds from the page's beginning to a list that is painted. */
export const painted = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const look = () => {
          if (document.querySelectorAll('main [role=row]').length < 10) return requestAnimationFrame(look)
          // The frame after the one that draws it.
          requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
        }
        look()
      }),
  )

/** Scrolls to the list's end until its further pages have come, and back. */
export const wholeList = (page) =>
  page.waitForFunction(() => {
    const list = document.querySelector('main [data-list]')
    if (!list) return false
    list.scrollTop = list.scrollHeight
    if (list.scrollHeight < 300_000) return false
    list.scrollTop = 0
    return true
  })

/** Milliseconds between frames while the longest list scrolls. */
export const scrolled = (page) =>
  page.evaluate(
    (steps) =>
      new Promise((done) => {
        const list = document.querySelector('main [data-list]')
        const frames = []
        let last = performance.now()
        const step = (n) => {
          const now = performance.now()
          frames.push(now - last)
          last = now
          if (n === 0 || !list) return done({ frames: frames.slice(1), height: list?.scrollHeight ?? 0 })
          list.scrollTop += 180
          requestAnimationFrame(() => step(n - 1))
        }
        requestAnimationFrame(() => step(steps))
      }),
    SCROLL_STEPS,
  )

const metric = async (session, name) =>
  (await session.send('Performance.getMetrics')).metrics.find((one) => one.name === name)?.value ?? 0

/** Milliseconds of the page's main thread that one change of the picture takes. */
export async function changeCost(page, engine, session) {
  const before = await metric(session, 'TaskDuration')
  for (let n = 0; n < CHANGES; n++) {
    engine.set((was) => ({ ...was, totals: { ...was.totals, waiting: CALLS - n } }))
    await page.waitForTimeout(25)
  }
  return ((await metric(session, 'TaskDuration')) - before) * (1000 / CHANGES)
}

export async function heapMb(session) {
  await session.send('HeapProfiler.collectGarbage')
  return (await metric(session, 'JSHeapUsedSize')) / 1024 / 1024
}
