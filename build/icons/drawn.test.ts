/** The drawn pictures: no two states look alike at the smallest size, without colour. */
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { expect, it } from 'vitest'

const STATES = ['idle', 'waiting', 'unread', 'offline', 'attention'] as const
const SIZE = 16

type Pixel = readonly [red: number, green: number, blue: number, opacity: number]
/** The pixels of one of our own PNG files: RGBA, no filter, one data chunk. */
function pixelsOf(name: string): readonly Pixel[] {
  const file = readFileSync(new URL(`./drawn/${name}.png`, import.meta.url))
  const at = file.indexOf('IDAT')
  const bytes = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)))
  return Array.from({ length: SIZE * SIZE }, (_, i) => {
    const from = Math.floor(i / SIZE) * (SIZE * 4 + 1) + 1 + (i % SIZE) * 4
    return [...bytes.subarray(from, from + 4)] as unknown as Pixel
  })
}
const opacity = (name: string): readonly number[] => pixelsOf(name).map(([, , , value]) => value)
const pairs = STATES.flatMap((a, i) => STATES.slice(i + 1).map((b) => [a, b] as const))

it.each(pairs)('%s and %s differ by a sixth of the picture at 16 px', (a, b) => {
  const [first, second] = [opacity(`${a}Template`), opacity(`${b}Template`)]
  const differing = first.filter((value, i) => Math.abs(value - (second[i] ?? 0)) > 128).length
  expect(differing).toBeGreaterThan((SIZE * SIZE) / 6)
})

it.each(STATES)('%s: silent or not is told apart without colour', (state) => {
  const [first, second] = [opacity(`${state}Template`), opacity(`${state}-silentTemplate`)]
  const differing = first.filter((value, i) => Math.abs(value - (second[i] ?? 0)) > 128).length
  expect(differing).toBeGreaterThan((SIZE * SIZE) / 25)
})

const luminance = (colour: readonly number[]): number =>
  [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => {
    const value = (colour[i] ?? 0) / 255
    return sum + part * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  }, 0)
const contrast = (a: readonly number[], b: readonly number[]): number => {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

/** As it is seen on a bar of that colour. */
const over = ([red, green, blue, opacity]: Pixel, bar: readonly number[]): readonly number[] =>
  [red, green, blue].map((part, i) => (part * opacity + (bar[i] ?? 0) * (255 - opacity)) / 255)

it.each(STATES)('%s in colour is plain on a panel of any tone: the shape or its rim stands out', (state) => {
  // White, dark, black, and the blue that waybar gives its tray.
  for (const bar of [
    [255, 255, 255],
    [42, 46, 50],
    [0, 0, 0],
    [41, 128, 185],
  ]) {
    const plain = pixelsOf(`${state}-colour-16`).filter((pixel) => contrast(over(pixel, bar), bar) >= 3)
    expect(plain.length).toBeGreaterThan(20)
  }
})
