/** A queue file with more than one name: every line goes out once, in file order, from one workspace; the others say whose it is. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFileSystem } from '../../adapters/file-system.ts'
import { Liar } from '../../adapters/testing/liar.ts'
import { message, place, until, type Place } from '../../adapters/testing/place.ts'
import { stage, type Stage } from '../../adapters/testing/stage.ts'
import type { FileSystem } from '../ports.ts'
import type { Outbox } from './contract.ts'

let at: Place
let server: Liar
let workspaces: { path: string; name: string }[]
const queueOf = (i: number): string => join(workspaces[i]?.path ?? '', '.claude', 'coord-queue.jsonl')
const outboxOf = (i: number): string => join(workspaces[i]?.path ?? '', '.claude', '.coord-outbox')
const segmentsOf = (i: number): string[] =>
  existsSync(outboxOf(i)) ? readdirSync(outboxOf(i)).filter((name) => name.endsWith('.seg')) : []
const line = (subject: string): string => `${JSON.stringify(message(subject))}\n`
const subjects = (): unknown[] => server.api.messages.map((m) => m['subject'])

beforeEach(async () => {
  at = place()
  server = await new Liar().listen()
  workspaces = ['a', 'b', 'c'].map((name) => ({ path: join(at.root, name), name }))
  for (const { path } of workspaces) mkdirSync(join(path, '.claude'), { recursive: true })
})
afterEach(async () => {
  await server.close()
  at.remove()
})

/** Flushes all workspaces, one after the other, twice, last one first: whoever could send it a second time has its turn. */
async function flushAll(): Promise<{ delivered: number; problems: (string | null)[] }> {
  const opened = at.open(server.url, { workspaces })
  let delivered = 0
  const problems: (string | null)[] = []
  for (const box of [...opened.outboxes].reverse().concat([...opened.outboxes])) {
    const done = await box.flush({ waitMs: 0, lanes: 1 })
    if (!done.ok) throw new Error(done.error.message)
    delivered += done.value.delivered
    expect(done.value.waiting).toBe(0)
  }
  for (const box of opened.outboxes) problems.push((await box.summary()).problem)
  await opened.close()
  return { delivered, problems }
}

const kinds: readonly (readonly [name: string, make: () => void, owner: number])[] = [
  [
    'two symbolic links to one shared file',
    () => {
      writeFileSync(join(at.root, 'shared.jsonl'), '')
      for (const i of [0, 1]) symlinkSync(join(at.root, 'shared.jsonl'), queueOf(i))
    },
    0,
  ],
  [
    "a symbolic link to another workspace's queue file",
    () => {
      writeFileSync(queueOf(1), '')
      symlinkSync(queueOf(1), queueOf(0))
    },
    1,
  ],
  [
    'a link to a link',
    () => {
      writeFileSync(join(at.root, 'shared.jsonl'), '')
      symlinkSync(join(at.root, 'shared.jsonl'), queueOf(1))
      symlinkSync(queueOf(1), queueOf(0))
    },
    0,
  ],
  [
    'a relative link',
    () => {
      writeFileSync(queueOf(1), '')
      symlinkSync('../../b/.claude/coord-queue.jsonl', queueOf(2))
    },
    1,
  ],
  [
    'two hard links',
    () => {
      writeFileSync(queueOf(0), '')
      linkSync(queueOf(0), queueOf(1))
    },
    0,
  ],
  [
    'a hard link and a symbolic link',
    () => {
      writeFileSync(queueOf(1), '')
      linkSync(queueOf(1), queueOf(2))
      symlinkSync(queueOf(2), queueOf(0))
    },
    1,
  ],
]

describe.each(kinds)('%s', (_, make, owner) => {
  it('each line is sent once, in file order; segments are files of their own, of one workspace', async () => {
    make()
    const writers = [0, 1, 2].filter((i) => existsSync(queueOf(i)))
    const [first, last] = [writers[0] ?? 0, writers.at(-1) ?? 0]
    appendFileSync(queueOf(first), line('1') + line('2'))
    appendFileSync(queueOf(last), line('3'))
    expect((await flushAll()).delivered).toBe(3)
    expect(subjects()).toEqual(['1', '2', '3'])
    expect(server.api.arrivals).toHaveLength(3)
    expect([0, 1, 2].filter((i) => segmentsOf(i).length > 0)).toEqual([owner])
    for (const name of segmentsOf(owner)) expect(lstatSync(join(outboxOf(owner), name)).isFile()).toBe(true)
    // through whatever name is left, also much later, and with new lines
    const late = writers.map((i) => `late ${i}`)
    for (const i of writers) appendFileSync(queueOf(i), line(`late ${i}`))
    await flushAll()
    await flushAll()
    expect(subjects().slice(3).sort()).toEqual(late.sort())
    expect(server.api.arrivals).toHaveLength(3 + late.length)
  })
})

it('the others say whose it is, and count nothing of it', async () => {
  writeFileSync(queueOf(0), line('1'))
  linkSync(queueOf(0), queueOf(1))
  const opened = at.open(server.url, { workspaces })
  const [, second] = opened.outboxes as [Outbox, Outbox]
  const { waiting, problem } = await second.summary()
  expect(waiting).toBe(0)
  expect(problem).toContain(`the same file as the queue of ${workspaces[0]?.path}`)
  expect(await second.flush({ waitMs: 0, lanes: 1 })).toMatchObject({ value: { delivered: 0, waiting: 0 } })
  expect(existsSync(queueOf(1))).toBe(true)
  await opened.close()
})

it('a second name outside of all workspaces (a backup) hinders nothing, and the guard that we make is none', async () => {
  writeFileSync(queueOf(0), line('1'))
  linkSync(queueOf(0), join(at.root, 'backup.jsonl'))
  expect((await flushAll()).delivered).toBe(1)
  const { port } = server
  await server.close()
  const opened = at.open(`http://127.0.0.1:${port}`, { workspaces })
  opened.connection.start()
  await Promise.all(opened.outboxes.map((box) => box.start()))
  appendFileSync(queueOf(0), line('2'))
  await until(() => readdirSync(outboxOf(0)).some((name) => name.startsWith('guard-')))
  server = await new Liar().listen(port)
  await until(() => subjects().length > 0, 20_000)
  await opened.close()
  expect(server.api.arrivals).toHaveLength(1)
})

describe('the guard of a file that another workspace owns', () => {
  const guards = (): string[] =>
    existsSync(at.dir) ? readdirSync(at.dir).filter((name) => name.startsWith('guard-')) : []
  const staged = async (fs: Partial<FileSystem> = {}): Promise<Stage> => {
    const s = stage(at, { fs, neighbours: workspaces.map(({ path }) => path) })
    s.answer = () => ({ kind: 'unreachable', detail: 'connection refused' })
    s.connection.start()
    await s.clock.drive(s.box.start())
    return s
  }

  it('is removed: the going of a name here is no loss, and nothing is set aside for it', async () => {
    const s = await staged()
    appendFileSync(at.queue, line('1'))
    await s.clock.until(() => guards().length === 1)
    linkSync(at.queue, queueOf(0))
    await s.clock.until(() => guards().length === 0)
    unlinkSync(at.queue)
    await s.clock.advance(60_000)
    expect(await s.box.summary()).toMatchObject({ setAsideCount: 0, waiting: 0 })
    expect(at.segments()).toEqual([])
    await s.close()
  })

  it.each([
    ['whose it is', true],
    ['nothing, as it cannot be looked at', false],
  ])('is not made here, where the other says %s', async (_, isSeen) => {
    const real = createFileSystem()
    const links: string[] = []
    appendFileSync(at.queue, line('1'))
    linkSync(at.queue, queueOf(0))
    const s = await staged({
      link(from, to) {
        links.push(to)
        return real.link(from, to)
      },
      info: (path) =>
        !isSeen && path === queueOf(0)
          ? Promise.resolve({ ok: false, error: { code: 'EACCES', path, op: 'look' } })
          : real.info(path),
    })
    await s.clock.advance(60_000)
    expect(links).toEqual([])
    await s.close()
  })
})

it('its segment outlives its week while a second name is left, and goes with it', async () => {
  appendFileSync(at.queue, line('1'))
  linkSync(at.queue, queueOf(0))
  const s = stage(at)
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  s.clock.set(8 * 24 * 3_600_000)
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  expect(at.segments()).toHaveLength(1)
  unlinkSync(queueOf(0))
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  expect(at.segments()).toEqual([])
  await s.close()
  expect(s.api.arrivals).toHaveLength(1)
})

it('two processes at once, each with one of the names: each line once', async () => {
  writeFileSync(queueOf(0), Array.from({ length: 60 }, (_, i) => line(`m${i}`)).join(''))
  linkSync(queueOf(0), queueOf(1))
  mkdirSync(at.home, { recursive: true })
  writeFileSync(
    join(at.home, 'workspaces.jsonl'),
    workspaces.map(({ path }) => `${JSON.stringify(path)}\n`).join(''),
  )
  const child = join(import.meta.dirname, '..', '..', 'adapters', 'testing', 'flush-child.ts')
  const run = async (i: number): Promise<void> => {
    const args = [child, workspaces[i]?.path ?? '', at.home, server.url, '3000']
    await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'close')
  }
  await Promise.all([run(1), run(0), run(1)])
  await run(1)
  expect(subjects()).toEqual(Array.from({ length: 60 }, (_, i) => `m${i}`))
  expect(server.api.arrivals).toHaveLength(60)
})

const links: readonly (readonly [string, (target: string, path: string) => void])[] = [
  ['an absolute', symlinkSync],
  ['a relative', (target, path) => symlinkSync(relative(dirname(path), target), path)],
]

it.each(links)(
  'a queue file that becomes %s link in the middle of its claim: the link stands again, and its file is sent once',
  async (_, makeLink) => {
    const [other, real] = [place(), createFileSystem()]
    at.add(message('moved away'))
    other.add(message('1'))
    const rename: FileSystem['rename'] = (from, to) => {
      if (from === at.queue && lstatSync(from).isFile()) {
        renameSync(from, join(at.root, 'moved.jsonl'))
        makeLink(other.queue, from)
      }
      return real.rename(from, to)
    }
    const first = stage(at, { fs: { rename } })
    await first.clock.drive(first.box.flush({ waitMs: 0, lanes: 1 }))
    expect(lstatSync(at.queue).isSymbolicLink()).toBe(true)
    expect(at.segments()).toEqual([])
    await first.clock.drive(first.box.flush({ waitMs: 0, lanes: 1 }))
    const second = stage(other, { api: first.api })
    await second.clock.drive(second.box.flush({ waitMs: 0, lanes: 1 }))
    expect(first.api.arrivals).toHaveLength(1)
    for (const name of at.segments()) expect(lstatSync(join(at.dir, name)).isFile()).toBe(true)
    await first.close()
    await second.close()
    other.remove()
  },
)

it.each(links)(
  'a writer that comes before %s link is put back: its line goes out from here, and the link stands again',
  async (_, makeLink) => {
    const [other, real] = [place(), createFileSystem()]
    at.add(message('moved away'))
    let hasLinked = false
    const rename: FileSystem['rename'] = (from, to) => {
      if (from === at.queue && !hasLinked) {
        renameSync(from, other.queue)
        makeLink(other.queue, from)
        hasLinked = true
      }
      return real.rename(from, to)
    }
    let hasWritten = false
    const link: FileSystem['link'] = (from, to) => {
      if (to === at.queue && !hasWritten) {
        appendFileSync(to, line('1'))
        hasWritten = true
      }
      return real.link(from, to)
    }
    const s = stage(at, { fs: { rename, link }, neighbours: [other.workspace] })
    for (let i = 0; i < 2; i++) await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    expect([hasLinked, hasWritten]).toEqual([true, true])
    expect(lstatSync(at.queue).isSymbolicLink()).toBe(true)
    expect(s.api.messages.map((m) => m['subject'])).toEqual(['1'])
    expect(readFileSync(other.queue, 'utf8')).toContain('moved away')
    await s.close()
    other.remove()
  },
)

it.each(links)(
  '%s link that was put back before a crash, and kept its name here: it stands once, and its file is sent once',
  async (_, makeLink) => {
    const other = place()
    other.add(message('1'))
    mkdirSync(at.dir, { recursive: true })
    makeLink(other.queue, at.queue)
    // a hard link to the link itself
    linkSync(at.queue, join(at.dir, '00000001-aaaaaaaaaa.seg'))
    const s = stage(at, { neighbours: [other.workspace] })
    await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    expect(at.segments()).toEqual([])
    expect(lstatSync(at.queue).isSymbolicLink()).toBe(true)
    expect([s.api.arrivals.length, (await s.box.summary()).problem !== null]).toEqual([0, true])
    const second = stage(other, { api: s.api })
    await second.clock.drive(second.box.flush({ waitMs: 0, lanes: 1 }))
    expect(s.api.messages.map((m) => m['subject'])).toEqual(['1'])
    await s.close()
    await second.close()
    other.remove()
  },
)

it('a link that cannot be put back, and that a person removes as they are told: what waits goes out', async () => {
  at.add(message('1'))
  // another program's second name of the queue file: it is not moved out of the way
  linkSync(at.queue, join(at.root, 'backup.jsonl'))
  mkdirSync(at.dir, { recursive: true })
  const stray = join(at.dir, '00000001-aaaaaaaaaa.seg')
  symlinkSync('nowhere', stray)
  const s = stage(at)
  s.connection.start()
  await s.clock.drive(s.box.start())
  expect((await s.box.summary()).problem).toContain(stray)
  unlinkSync(stray)
  await s.clock.advance(20_000)
  expect(s.api.messages.map((m) => m['subject'])).toEqual(['1'])
  expect((await s.box.summary()).problem).toBeNull()
  await s.close()
})
