// A PNG with at most 256 colours: a window's picture has few, and takes a third of the room.
import { crc32, deflateSync } from 'node:zlib'

const MOST_COLOURS = 256
/** Colours nearer than this, the channels' differences added, are one. */
const STEP = 8
/** How much more a pixel counts that is no grey: a mark is small and means much. */
const WORTH = 24

const chunk = (type, data) => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}

const worth = (key) => {
  const channels = [key >> 16, (key >> 8) & 255, key & 255]
  return 1 + (WORTH * (Math.max(...channels) - Math.min(...channels))) / 255
}

const far = (a, b) =>
  Math.abs((a >> 16) - (b >> 16)) +
  Math.abs(((a >> 8) & 255) - ((b >> 8) & 255)) +
  Math.abs((a & 255) - (b & 255))

/** The colours that stand for the rest, each one that is there: none near another. */
function paletteOf(counts) {
  const palette = []
  const all = [...counts].map(([key, n]) => [key, n * worth(key)]).sort((a, b) => b[1] - a[1])
  for (const [key] of all) {
    if (palette.length === MOST_COLOURS) break
    if (palette.every((one) => far(one, key) >= STEP)) palette.push(key)
  }
  return palette
}

const near = (palette, key) => {
  const [r, g, b] = [key >> 16, (key >> 8) & 255, key & 255]
  let best = 0
  let least = Infinity
  palette.forEach((one, at) => {
    const d = (r - (one >> 16)) ** 2 + (g - ((one >> 8) & 255)) ** 2 + (b - (one & 255)) ** 2
    if (d < least) [best, least] = [at, d]
  })
  return best
}

/** `rgba`: four bytes a pixel, from the top left. */
export function toPng8(rgba, width, height) {
  const keyAt = (i) => (rgba[i] << 16) | (rgba[i + 1] << 8) | rgba[i + 2]
  const counts = new Map()
  for (let i = 0; i < rgba.length; i += 4) counts.set(keyAt(i), (counts.get(keyAt(i)) ?? 0) + 1)
  const palette = paletteOf(counts)
  const indexOf = new Map(palette.map((key, at) => [key, at]))
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i += 4) {
      const key = keyAt(i)
      let at = indexOf.get(key)
      if (at === undefined) indexOf.set(key, (at = near(palette, key)))
      rows[y * (width + 1) + 1 + x] = at
    }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((key) => [key >> 16, (key >> 8) & 255, key & 255]))
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
