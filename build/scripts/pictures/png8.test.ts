import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { toPng8 } from './png8.mjs'

type Colour = readonly [number, number, number]
const rgbaOf = (colours: readonly Colour[]): Uint8Array =>
  Uint8Array.from(colours.flatMap(([r, g, b]) => [r, g, b, 255]))

/** The pixels that the file says, without its filters (it has none). */
function pixelsOf(png: Buffer, width: number): Colour[] {
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    chunks.set(png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  const palette = chunks.get('PLTE') ?? Buffer.alloc(0)
  const rows = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0))
  const out: Colour[] = []
  for (let at = 0; at < rows.length; at += width + 1)
    for (const index of rows.subarray(at + 1, at + 1 + width)) {
      const colour = [...palette.subarray(index * 3, index * 3 + 3)] as unknown as Colour
      out.push(colour)
    }
  return out
}

describe('a PNG with few colours', () => {
  it('keeps each colour as it is while they are few, at its place', () => {
    const colours: Colour[] = [
      [251, 251, 252],
      [11, 12, 14],
      [194, 124, 14],
      [251, 251, 252],
      [44, 154, 101],
      [11, 12, 14],
    ]
    expect(pixelsOf(toPng8(rgbaOf(colours), 3, 2), 3)).toEqual(colours)
  })

  it('takes at most 256, the nearest one for each of the others, and keeps a small mark', () => {
    const greys = Array.from({ length: 4_000 }, (_, n): Colour => {
      const v = n % 256
      return [v, (v + (n >> 8) * 9) % 256, (v + (n >> 7) * 5) % 256]
    })
    const mark: Colour = [217, 72, 63]
    const colours = [...Array.from({ length: 40_000 }, (): Colour => [255, 255, 255]), ...greys, mark]
    const pixels = pixelsOf(toPng8(rgbaOf(colours), colours.length, 1), colours.length)
    expect(new Set(pixels.map(String)).size).toBeLessThanOrEqual(256)
    const [r, g, b] = pixels.at(-1) ?? [0, 0, 0]
    expect(Math.abs(r - mark[0]) + Math.abs(g - mark[1]) + Math.abs(b - mark[2])).toBeLessThan(60)
  })
})
