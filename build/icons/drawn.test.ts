/** The drawn pictures: no two states look alike at the smallest size, without colour. */
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { expect, it } from 'vitest'

const STATES = ['idle', 'waiting', 'unread', 'offline', 'attention'] as const
const SIZE = 16

/** Opacity of each pixel of one of our own PNG files: RGBA, no filter, one data chunk. */
function opacity(name: string): readonly number[] {
  const file = readFileSync(new URL(`./drawn/${name}.png`, import.meta.url))
  const at = file.indexOf('IDAT')
  const pixels = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)))
  return Array.from({ length: SIZE * SIZE }, (_, i) => {
    const [x, y] = [i % SIZE, Math.floor(i / SIZE)]
    return pixels[y * (SIZE * 4 + 1) + 1 + x * 4 + 3] ?? 0
  })
}
const pairs = STATES.flatMap((a, i) => STATES.slice(i + 1).map((b) => [a, b] as const))

it.each(pairs)('%s and %s differ by a sixth of the picture at 16 px', (a, b) => {
  const [first, second] = [opacity(`${a}Template`), opacity(`${b}Template`)]
  const differing = first.filter((value, i) => Math.abs(value - (second[i] ?? 0)) > 128).length
  expect(differing).toBeGreaterThan((SIZE * SIZE) / 6)
})
