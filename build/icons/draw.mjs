#!/usr/bin/env node
// Draws every icon from the shapes below: node build/icons/draw.mjs. Its output in build/icons/drawn is committed.
// A shape is a signed distance on a grid of 16 units (negative inside), so that each size is drawn for itself, with
// smooth edges, and not scaled. States differ by shape: colour only helps.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'

/** 16 and 32 for the sheet, 22 and 44 for the panels of Linux. */
const SIZES = [16, 22, 32, 44]
const APP_SIZES = [16, 32, 48, 64, 128, 256, 512]
const out = new URL('./drawn/', import.meta.url).pathname

const circle = (cx, cy, r) => (x, y) => Math.hypot(x - cx, y - cy) - r
const line = (ax, ay, bx, by, width) => (x, y) => {
  const t = Math.max(
    0,
    Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)),
  )
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)) - width / 2
}
const box = (cx, cy, halfWidth, halfHeight, radius) => (x, y) => {
  const dx = Math.abs(x - cx) - halfWidth + radius
  const dy = Math.abs(y - cy) - halfHeight + radius
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius
}
const polygon = (points, radius) => (x, y) => {
  let distance = Infinity
  let isInside = false
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length]
    distance = Math.min(distance, line(ax, ay, bx, by, 0)(x, y))
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside
  })
  return (isInside ? -distance : distance) - radius
}
const union =
  (...shapes) =>
  (x, y) =>
    Math.min(...shapes.map((shape) => shape(x, y)))
const without = (shape, hole) => (x, y) => Math.max(shape(x, y), -hole(x, y))
const ring = (cx, cy, r, width) => (x, y) => Math.abs(Math.hypot(x - cx, y - cy) - r) - width / 2

// Edges lie on whole units where they can: at 16 px a unit is a pixel, and a line between two pixels is a blur.
const hub = union(ring(8, 8, 6, 2), circle(8, 8, 2))
export const shapes = {
  /** A ring with its centre: nothing to do. */
  idle: hub,
  /** An arrow that leaves a tray: calls wait to be sent. */
  waiting: union(
    line(8, 2.4, 8, 10, 2),
    line(4.5, 5.7, 8, 2.2, 2),
    line(11.5, 5.7, 8, 2.2, 2),
    line(2, 10.5, 2, 14, 2),
    line(14, 10.5, 14, 14, 2),
    line(2, 14, 14, 14, 2),
  ),
  /** A full speech bubble with two lines: unread messages. */
  unread: without(
    union(
      box(8, 6.5, 7, 5.5, 2),
      polygon(
        [
          [3.6, 10.5],
          [8.4, 10.5],
          [3.6, 14.8],
        ],
        0.3,
      ),
    ),
    union(box(8, 5, 4, 1, 0.5), box(7, 9, 3, 1, 0.5)),
  ),
  /** A full disc, cut through: the API does not answer. Full, since at 16 px a crossed ring is too near to the idle one. */
  offline: union(without(circle(8, 8, 6), line(1, 15, 15, 1, 5)), line(1.7, 14.3, 14.3, 1.7, 2)),
  /** A warning triangle: something needs a person. */
  attention: without(
    polygon(
      [
        [8, 2],
        [14.2, 13.5],
        [1.8, 13.5],
      ],
      1.5,
    ),
    union(box(8, 7.5, 1, 2.5, 0.5), box(8, 12, 1, 1, 0.5)),
  ),
}

const WHITE = [255, 255, 255]
const INK = [28, 32, 38]
const BLACK = [0, 0, 0]
const BLUE = [37, 99, 235]
const COLOURS = { attention: [180, 83, 9], offline: [190, 40, 40] }

/** Layers from below to above: `[shape, colour, opacity]`, drawn at `size` pixels. */
function paint(size, layers) {
  const pixels = Buffer.alloc(size * size * 4)
  const scale = size / 16
  for (let py = 0; py < size; py++)
    for (let px = 0; px < size; px++) {
      let [r, g, b, a] = [0, 0, 0, 0]
      for (const [shape, colour, opacity] of layers) {
        const cover =
          Math.max(0, Math.min(1, 0.5 - shape((px + 0.5) / scale, (py + 0.5) / scale) * scale)) * opacity
        if (cover === 0) continue
        const next = cover + a * (1 - cover)
        const mix = (over, under) => (over * cover + under * a * (1 - cover)) / next
        ;[r, g, b, a] = [mix(colour[0], r), mix(colour[1], g), mix(colour[2], b), next]
      }
      pixels.set([r, g, b, a * 255].map(Math.round), (py * size + px) * 4)
    }
  return { size, pixels }
}

function png({ size, pixels }) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const whole = Buffer.alloc(body.length + 8)
    whole.writeUInt32BE(data.length, 0)
    body.copy(whole, 4)
    whole.writeUInt32BE(crc32(body), body.length + 4)
    return whole
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(size, 0)
  head.writeUInt32BE(size, 4)
  head.set([8, 6, 0, 0, 0], 8)
  const rows = Buffer.alloc(size * (size * 4 + 1))
  for (let y = 0; y < size; y++) pixels.copy(rows, y * (size * 4 + 1) + 1, y * size * 4, (y + 1) * size * 4)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A Windows bitmap of an icon: BGRA from the bottom up, then an empty mask. Every Windows reads it, at every size. */
function bitmap({ size, pixels }) {
  const maskRow = Math.ceil(size / 32) * 4
  const bytes = Buffer.alloc(40 + size * size * 4 + maskRow * size)
  bytes.writeUInt32LE(40, 0)
  bytes.writeInt32LE(size, 4)
  bytes.writeInt32LE(size * 2, 8)
  bytes.writeUInt16LE(1, 12)
  bytes.writeUInt16LE(32, 14)
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const from = (y * size + x) * 4
      const [r, g, b, a] = pixels.subarray(from, from + 4)
      bytes.set([b, g, r, a], 40 + ((size - 1 - y) * size + x) * 4)
    }
  return bytes
}

function ico(images) {
  const bodies = images.map((image) => (image.size >= 256 ? png(image) : bitmap(image)))
  const head = Buffer.alloc(6 + 16 * images.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(images.length, 4)
  let offset = head.length
  images.forEach(({ size }, i) => {
    const at = 6 + i * 16
    head.set([size % 256, size % 256], at)
    head.writeUInt16LE(1, at + 4)
    head.writeUInt16LE(32, at + 6)
    head.writeUInt32LE(bodies[i].length, at + 8)
    head.writeUInt32LE(offset, at + 12)
    offset += bodies[i].length
  })
  return Buffer.concat([head, ...bodies])
}

function icns(images) {
  const names = { 32: 'ic11', 64: 'ic12', 128: 'ic07', 256: 'ic08', 512: 'ic09' }
  const entries = images.map((image) => {
    const body = png(image)
    const head = Buffer.alloc(8)
    head.write(names[image.size], 0)
    head.writeUInt32BE(body.length + 8, 4)
    return Buffer.concat([head, body])
  })
  const head = Buffer.alloc(8)
  head.write('icns', 0)
  head.writeUInt32BE(8 + entries.reduce((sum, entry) => sum + entry.length, 0), 4)
  return Buffer.concat([head, ...entries])
}

const save = (name, bytes) => writeFileSync(join(out, name), bytes)
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
/** A crescent at the lower right, with a gap around it: nothing is notified now. */
const silent = (shape) =>
  union(without(shape, circle(12, 12, 5)), without(circle(12, 12, 4), circle(14, 10, 3.4)))
const pictures = Object.entries(shapes).flatMap(([state, shape]) => [
  [state, shape, COLOURS[state] ?? BLUE],
  [`${state}-silent`, silent(shape), COLOURS[state] ?? BLUE],
])
for (const [name, shape, colour] of pictures) {
  // A faint rim of the other tone keeps the shape readable where a panel is not as dark, or as light, as it claims.
  const rim = (x, y) => shape(x, y) - 0.8
  const tones = {
    dark: (size) =>
      paint(size, [
        [rim, BLACK, 0.35],
        [shape, WHITE, 1],
      ]),
    light: (size) =>
      paint(size, [
        [rim, WHITE, 0.45],
        [shape, INK, 1],
      ]),
    // For a panel whose tone nobody tells: dark on a light one, its rim light on a dark one or on one of its own colour.
    colour: (size) =>
      paint(size, [
        [rim, WHITE, 1],
        [shape, colour, 1],
      ]),
  }
  for (const [tone, at] of Object.entries(tones))
    for (const size of SIZES) save(`${name}-${tone}-${size}.png`, png(at(size)))
  for (const tone of ['dark', 'light']) save(`${name}-${tone}.ico`, ico([16, 24, 32, 48].map(tones[tone])))
  save(`${name}Template.png`, png(paint(16, [[shape, BLACK, 1]])))
  save(`${name}Template@2x.png`, png(paint(32, [[shape, BLACK, 1]])))
}
const small = (x, y) => hub(8 + (x - 8) / 0.72, 8 + (y - 8) / 0.72) * 0.72
const app = (size) =>
  paint(size, [
    [box(8, 8, 7.5, 7.5, 3.4), BLUE, 1],
    [small, WHITE, 1],
  ])
for (const size of APP_SIZES) save(`app-${size}.png`, png(app(size)))
save('app.ico', ico([16, 32, 48, 256].map(app)))
save('app.icns', icns([32, 64, 128, 256, 512].map(app)))
