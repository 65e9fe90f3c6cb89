/** D-Bus messages as bytes, as far as this app speaks them: little-endian out, both ways in. Pure. */

/** What a call or a signal carries beside its body. */
export interface BusHeader {
  readonly path?: string
  readonly interface?: string
  readonly member?: string
  readonly errorName?: string
  readonly replySerial?: number
  readonly destination?: string
  readonly sender?: string
  readonly signature?: string
}
export type MessageKind = 'call' | 'reply' | 'error' | 'signal'
export interface BusMessage extends BusHeader {
  readonly kind: MessageKind
  readonly serial: number
  readonly body: readonly unknown[]
}
/** A value that says its own type: what `v` stands for. */
export interface Variant {
  readonly type: string
  readonly value: unknown
}

const KINDS = ['call', 'reply', 'error', 'signal'] as const
/** By their number in a header. */
const FIELDS = [
  null,
  ['path', 'o'],
  ['interface', 's'],
  ['member', 's'],
  ['errorName', 's'],
  ['replySerial', 'u'],
  ['destination', 's'],
  ['sender', 's'],
  ['signature', 'g'],
] as const
/** More than this in one message is not for us: the bus itself allows 128 MiB. */
export const MAX_MESSAGE = 4 * 1024 * 1024

const ALIGN: Readonly<Record<string, number>> = {
  ...{ y: 1, g: 1, v: 1, n: 2, q: 2, b: 4, i: 4, u: 4, s: 4, o: 4, a: 4, h: 4 },
  ...{ x: 8, t: 8, d: 8, '(': 8, '{': 8 },
}

/** The length of the first complete type of a signature. */
function typeLength(signature: string): number {
  const [first] = signature
  if (first === 'a') return 1 + typeLength(signature.slice(1))
  if (first !== '(' && first !== '{') return 1
  let depth = 0
  for (let at = 0; at < signature.length; at++) {
    if (signature[at] === '(' || signature[at] === '{') depth++
    if ((signature[at] === ')' || signature[at] === '}') && --depth === 0) return at + 1
  }
  throw new Error(`no end in the signature ${signature}`)
}
export function typesOf(signature: string): readonly string[] {
  const types: string[] = []
  for (let rest = signature; rest !== '';) {
    const length = typeLength(rest)
    types.push(rest.slice(0, length))
    rest = rest.slice(length)
  }
  return types
}

class Writer {
  private readonly parts: Buffer[] = []
  length = 0
  push(part: Buffer): void {
    this.parts.push(part)
    this.length += part.length
  }
  align(to: number): void {
    const rest = this.length % to
    if (rest !== 0) this.push(Buffer.alloc(to - rest))
  }
  bytes(): Buffer {
    return Buffer.concat(this.parts)
  }
  private number(value: number): void {
    const four = Buffer.alloc(4)
    four.writeUInt32LE(value >>> 0)
    this.push(four)
  }
  private text(value: string, isShort: boolean): void {
    const bytes = Buffer.from(`${value}\0`)
    if (isShort) this.push(Buffer.of(bytes.length - 1))
    else this.number(bytes.length - 1)
    this.push(bytes)
  }
  private array(type: string, values: readonly unknown[]): void {
    const items = new Writer()
    // The items are aligned by where they will stand, not by their own beginning.
    const start = this.length + 4
    const pad = (8 - (start % 8)) % 8
    const isWide = ALIGN[type[0] ?? 'y'] === 8
    items.length = isWide ? start + pad : start
    const before = items.length
    for (const value of values) items.write(type, value)
    this.number(items.length - before)
    if (isWide) this.align(8)
    this.push(items.bytes())
  }
  /** Writes one value of one complete type. A dictionary is a list of pairs. */
  write(type: string, value: unknown): void {
    this.align(ALIGN[type[0] ?? 'y'] ?? 1)
    switch (type.charAt(0)) {
      case 'y':
        return this.push(Buffer.of(value as number))
      case 'b':
        return this.number(value === true ? 1 : 0)
      case 'i':
      case 'u':
        return this.number(value as number)
      case 's':
      case 'o':
        return this.text(value as string, false)
      case 'g':
        return this.text(value as string, true)
      case 'v':
        this.text((value as Variant).type, true)
        return this.write((value as Variant).type, (value as Variant).value)
      case 'a':
        return this.array(type.slice(1), value as readonly unknown[])
      case '(':
      case '{':
        return typesOf(type.slice(1, -1)).forEach((inner, n) => this.write(inner, (value as unknown[])[n]))
      default:
        throw new Error(`this app writes no ${type}`)
    }
  }
}

/** Bytes of a message; `signature` says how its body is read. */
export function encode(message: BusMessage): Buffer {
  const body = new Writer()
  typesOf(message.signature ?? '').forEach((type, n) => body.write(type, message.body[n]))
  const fields = FIELDS.flatMap((field, code) => {
    const value = field === null ? undefined : message[field[0]]
    return field === null || value === undefined ? [] : [[code, { type: field[1], value }]]
  })
  const head = new Writer()
  head.push(Buffer.of(0x6c, KINDS.indexOf(message.kind) + 1, 0, 1))
  head.write('u', body.length)
  head.write('u', message.serial)
  head.write('a(yv)', fields)
  head.align(8)
  return Buffer.concat([head.bytes(), body.bytes()])
}

class Reader {
  private readonly bytes: Buffer
  private readonly isLittle: boolean
  at = 0
  constructor(bytes: Buffer, isLittle: boolean) {
    this.bytes = bytes
    this.isLittle = isLittle
  }
  private align(to: number): void {
    this.at += (to - (this.at % to)) % to
  }
  private number(): number {
    const value = this.isLittle ? this.bytes.readUInt32LE(this.at) : this.bytes.readUInt32BE(this.at)
    this.at += 4
    return value
  }
  private text(length: number): string {
    const value = this.bytes.toString('utf8', this.at, this.at + length)
    this.at += length + 1
    if (this.at > this.bytes.length) throw new Error('a text beyond the end of its message')
    return value
  }
  private wide(size: number): bigint {
    const part = Buffer.from(this.bytes.subarray(this.at, this.at + size))
    this.at += size
    if (part.length < size) throw new Error('a number beyond the end of its message')
    return BigInt(`0x${(this.isLittle ? part.reverse() : part).toString('hex')}`)
  }
  private array(type: string): readonly unknown[] {
    const length = this.number()
    this.align(ALIGN[type[0] ?? 'y'] ?? 1)
    const end = this.at + length
    if (end > this.bytes.length) throw new Error('a list beyond the end of its message')
    if (type === 'y') {
      this.at = end
      return [...this.bytes.subarray(end - length, end)]
    }
    const values: unknown[] = []
    while (this.at < end) values.push(this.read(type))
    return values
  }
  read(type: string): unknown {
    this.align(ALIGN[type[0] ?? 'y'] ?? 1)
    switch (type.charAt(0)) {
      case 'y':
        return this.bytes.readUInt8(this.at++)
      case 'b':
        return this.number() !== 0
      case 'i':
        return this.number() | 0
      case 'u':
      case 'h':
        return this.number()
      case 's':
      case 'o':
        return this.text(this.number())
      case 'g':
        return this.text(this.bytes.readUInt8(this.at++))
      case 'v':
        return this.read(this.text(this.bytes.readUInt8(this.at++)))
      case 'a':
        return this.array(type.slice(1))
      case '(':
      case '{':
        return typesOf(type.slice(1, -1)).map((inner) => this.read(inner))
      case 'n':
      case 'q':
        return Number(this.wide(2))
      case 'x':
      case 't':
      case 'd':
        return this.wide(8)
      default:
        throw new Error(`no type ${type}`)
    }
  }
}

/** The size of the message that begins here; null while its first 16 bytes are not all there. Throws on what is none. */
export function sizeOf(bytes: Buffer): number | null {
  if (bytes.length < 16) return null
  const isLittle = bytes[0] === 0x6c
  if (!isLittle && bytes[0] !== 0x42) throw new Error('no D-Bus message')
  const number = (at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const size = 16 + Math.ceil(number(12) / 8) * 8 + number(4)
  if (size > MAX_MESSAGE) throw new Error('a message too large')
  return size
}

/** One whole message. A body that cannot be read is an empty one. */
export function decode(bytes: Buffer): BusMessage {
  const reader = new Reader(bytes, bytes[0] === 0x6c)
  const kind = KINDS[(bytes[1] ?? 0) - 1]
  if (kind === undefined) throw new Error('no kind of message')
  reader.at = 4
  const bodyLength = reader.read('u') as number
  const serial = reader.read('u') as number
  const header: Record<string, unknown> = {}
  for (const [code, value] of reader.read('a(yv)') as [number, unknown][]) {
    const field = FIELDS[code]
    if (field) header[field[0]] = value
  }
  const inside = new Reader(bytes.subarray(bytes.length - bodyLength), bytes[0] === 0x6c)
  let body: readonly unknown[] = []
  try {
    body = typesOf((header['signature'] as string | undefined) ?? '').map((type) => inside.read(type))
  } catch {
    // Not a type that we know; whoever asked gets nothing.
  }
  return { ...(header as BusHeader), kind, serial, body }
}
