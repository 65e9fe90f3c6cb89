/** The frame that a window manager adds must not move the window each time it opens. */
import { expect, it } from 'vitest'
import { placeToKeep, readMemory } from './window-place.ts'

const at = (x: number, y: number) => ({ x, y, width: 900, height: 640 })

it.each([
  ['openbox', 1, 20],
  ['xfwm4', 5, 29],
  ['no frame', 0, 0],
])('ten times opened and closed it is where it was: %s', (_, dx, dy) => {
  let kept = at(190, 80)
  for (let n = 0; n < 10; n++) {
    const settled = at(kept.x + dx, kept.y + dy)
    kept = placeToKeep({ asked: kept, settled }, settled)
  }
  expect(kept).toEqual(at(190, 80))
})

it('moved by the person: the corner of its frame is kept, and its new size', () => {
  const moved = { x: 305, y: 229, width: 700, height: 500 }
  expect(placeToKeep({ asked: at(190, 80), settled: at(195, 109) }, moved)).toEqual({
    ...{ x: 300, y: 200, width: 700, height: 500 },
  })
})

it('closed before its frame was there: where it was asked to be', () => {
  expect(placeToKeep({ asked: at(190, 80), settled: null }, at(191, 100))).toEqual(at(190, 80))
})

it('a window manager that puts windows where it likes has no frame of that size', () => {
  const placed = { asked: at(190, 80), settled: at(640, 0) }
  expect(placeToKeep(placed, at(640, 0))).toEqual(at(190, 80))
  expect(placeToKeep(placed, at(700, 10))).toEqual(at(700, 10))
})

it('what cannot be read is nothing, and what an earlier version wrote is read', () => {
  for (const text of ['', '{', '[]', 'null', '{"bounds":{"x":"1"}}'])
    expect(readMemory(text)).toEqual({ bounds: null, isMaximized: false, isTold: false })
  expect(readMemory(JSON.stringify({ bounds: at(1, 2), isTold: true }))).toEqual({
    ...{ bounds: at(1, 2), isMaximized: false, isTold: true },
  })
})
