/** The window on a stage: the built bundle and the real loopback server in a real browser; only the engine is a double. */
import { AxeBuilder } from '@axe-core/playwright'
import {
  chromium,
  expect,
  test,
  type Browser,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serveWindow, type ServedWindow } from '../../electron/bridge/loopback.ts'
import { createDispatcher } from '../../electron/bridge/serve-commands.ts'
import {
  commands,
  type CommandError,
  type CommandHandlers,
  type CommandName,
  type InputOf,
  type OutputOf,
} from '../../shared/protocol.ts'
import { err, ok } from '../../shared/result.ts'
import { appSnapshot, type AppSnapshot } from '../../shared/snapshot.ts'
import { ago, BODIES, past, RAWS } from './window-world.ts'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export const SHOTS = at('out/shots')

/** The engine's double: a snapshot that tests change, and a record of commands. */
export interface Engine {
  readonly url: string
  readonly commands: [string, unknown][]
  set(change: (was: AppSnapshot) => AppSnapshot): void
  /** What a command gives from now on. */
  answer<K extends CommandName>(name: K, give: (input: InputOf<K>) => OutputOf<K>): void
  stop(): Promise<void>
}

/** Totals of lists of which the picture has the first page only. */
export type Beyond = Partial<Pick<AppSnapshot['totals'], 'messages' | 'locks' | 'components' | 'workflows'>>

/** All rows are on the first page, where a test does not say more. */
const whole = (one: AppSnapshot, beyond: Beyond): AppSnapshot => {
  const { totals: given, messages, locks, components, workflows } = one
  const counts = {
    messages: messages.length,
    locks: locks.length,
    components: components.length,
    workflows: workflows.length,
  }
  const names = [...locks, ...messages, ...components, ...workflows].flatMap((row) => row.project ?? [])
  const projects = [...new Set([...one.projects, ...names])].sort((a, b) => a.localeCompare(b))
  return appSnapshot.parse({ ...one, projects, totals: { ...given, ...counts, ...beyond } })
}

/** What a command answers instead of what the double knows; a thrown `CommandError` is one. */
export type Answers = Partial<Record<CommandName, (input: never) => unknown>>

export const HOOK_FILE = '/home/mike/.claude/settings.json'
const HOOK_DIFF = [
  '  {',
  '-   "model": "opus"',
  '+   "model": "opus",',
  '+   "hooks": {',
  '+     "SessionStart": [{ "hooks": [{ "type": "command", "command": "coord-hook start" }] }]',
  '+   }',
  '  }',
].join('\n')

/** Settings of Claude Code without hooks, until they are written once. */
export function hookAnswers(): Answers {
  let isInstalled = false
  const preview = () => ({ file: HOOK_FILE, diff: isInstalled ? '' : HOOK_DIFF, isInstalled })
  return {
    'hooks.preview': preview,
    'hooks.install': () => {
      isInstalled = true
      return preview()
    },
  }
}

const folderCheck = ({ path }: { readonly path: string }) => ({
  state: path.startsWith('/') ? 'project' : 'not-absolute',
  resolved: path,
})

export async function startEngine(
  first: AppSnapshot,
  given: Answers = {},
  beyond: Beyond = {},
): Promise<Engine> {
  let snapshot = whole(first, beyond)
  const listeners = new Set<(snapshot: AppSnapshot) => void>()
  const seen: [string, unknown][] = []
  const set: Engine['set'] = (change) => {
    snapshot = whole({ ...change(snapshot), revision: snapshot.revision + 1 }, beyond)
    for (const listener of listeners) listener(snapshot)
  }
  const released = { released: 2, queued: 0, refused: [] }
  const answers: Partial<Record<CommandName, () => unknown>> = {
    'snapshot.get': () => snapshot,
    'history.get': () => past(),
    'locks.list': () => ({ rows: snapshot.locks, total: snapshot.locks.length }),
    'messages.list': () => ({ rows: snapshot.messages, total: snapshot.messages.length }),
    'queue.flush': () => ({ delivered: 5, setAside: 0, skipped: 0, waiting: 0 }),
    'queue.list': () => ({ calls: snapshot.workspaces[0]?.setAside ?? [] }),
    'lock.release': () => ({ ...released, released: 1, told: 0 }),
    'lock.ask': () => ({ id: '2', queued: false }),
    'session.cleanUp': () => released,
    'machine.releaseAll': () => released,
    'queue.all': () => ({ done: 2_498, left: 2 }),
    'notifications.mute': () => ({ until: ago(-60) }),
    'notifications.test': () => ({ outcome: 'failed', detail: 'the system does not allow it' }),
    'check.run': () => ({
      findings: [
        { check: 'coordination API', isWell: true, detail: 'http://127.0.0.1:8001: answers', fix: null },
        { check: 'list of locks', isWell: true, detail: '5 rows', fix: null },
        { check: 'list of workflows', isWell: null, detail: 'answers 404', fix: 'That view stays empty.' },
        {
          check: 'workspace a-project-with-a-long-name-that-does-not-fit',
          isWell: false,
          detail:
            "EACCES: permission denied, open '/home/mike/projects/a-project-with-a-long-name/.claude/x'",
          fix: 'Make the folder writable, or stop watching it in Settings.',
        },
      ],
    }),
    'message.send': () => ({ id: '1', queued: false }),
  }
  const asked: Answers = {
    'folder.check': folderCheck,
    'settings.update': (change: object) =>
      set((was) => ({ ...was, settings: { ...was.settings, ...change } })),
  }
  const handlers = Object.fromEntries(
    (Object.keys(commands) as CommandName[]).map((name) => [
      name,
      async (input: unknown) => {
        if (name !== 'snapshot.get') seen.push([name, input])
        if (name === 'message.seen' && !given[name]) {
          const { ids } = input as { ids: string[] }
          set((was) => ({
            ...was,
            messages: was.messages.map((one) => (ids.includes(one.id) ? { ...one, isSeen: true } : one)),
          }))
        }
        if (name === 'queue.show' && !given[name]) {
          const call = RAWS.get((input as { id: string }).id)
          return call ? ok(call) : err<CommandError>({ code: 'not-found', message: 'no such call' })
        }
        if (name === 'message.get' && !given[name])
          return ok({ body: BODIES.get((input as { id: string }).id) ?? '' })
        try {
          const answer = given[name] ?? asked[name]
          return ok((answer ? await answer(input as never) : answers[name]?.()) ?? null)
        } catch (error) {
          return err(error as CommandError)
        }
      },
    ]),
  ) as unknown as CommandHandlers
  const served: ServedWindow = await serveWindow({
    dispatch: createDispatcher(handlers, () => undefined),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    windowDir: at('dist/window'),
  })
  return {
    url: served.url,
    commands: seen,
    set,
    answer: (name, give) => void Object.assign(given, { [name]: give }),
    stop: () => served.close(),
  }
}

/** Who speaks to a control says what they see on it: a name in its place must have those words (axe does not look). */
const controlsNamedOtherwise = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        ':is(button, a, summary, [role=option], [role=row])[aria-label]',
      ),
    ]
      .filter((node) => {
        const seen = node.innerText.trim().toLowerCase()
        return !(node.ariaLabel ?? '').toLowerCase().includes(seen)
      })
      .map((node) => node.outerHTML.slice(0, 160)),
  )

/** Rows that can be pressed, and are too low for a hand. */
const lowRows = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(':is([data-can-open], [role=option], summary)')]
      .map((node) => ({ node, px: node.getBoundingClientRect().height }))
      .filter(({ px }) => px > 0 && px < 44)
      .map(({ node, px }) => `${px} px: ${node.innerText.slice(0, 80)}`),
  )

/** Texts of the page, shown or only said, that have a character in them which hides or turns what stands around it. */
const withHidden = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const HIDDEN = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/u
    const found: string[] = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node; node = texts.nextNode())
      if (HIDDEN.test(node.nodeValue ?? '')) found.push(node.parentElement?.outerHTML ?? '')
    for (const name of ['title', 'aria-label', 'placeholder'])
      for (const node of document.querySelectorAll(`[${name}]`))
        if (HIDDEN.test(node.getAttribute(name) ?? '')) found.push(node.outerHTML)
    return found.map((html) => html.slice(0, 160))
  })

/** axe, with all that WCAG 2.2 A and AA ask and its best practices; and what it cannot see. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await controlsNamedOtherwise(page)).toEqual([])
  expect(await lowRows(page)).toEqual([])
  expect(await withHidden(page)).toEqual([])
  // Half-faded text has half the contrast.
  await page.evaluate(() => {
    // What turns while something is waited for never ends.
    const ending = document
      .getAnimations()
      .filter((one) => one.effect?.getComputedTiming().iterations !== Infinity)
    return Promise.allSettled(ending.map((one) => one.finished))
  })
  const found = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  expect(found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))])).toEqual(
    [],
  )
}

export interface Stage {
  /** Opens the window on a snapshot; CSP and Trusted Types violations and page errors fail the test. */
  open(snapshot: AppSnapshot, options?: BrowserContextOptions, beyond?: Beyond): Promise<Page>
  /** From now on, also for a window that is opened later in this test. */
  answer(answers: Answers): void
  readonly engine: Engine
  /** The inputs of a command that the window sent, in order. */
  ran(name: CommandName): unknown[]
  /** Opens nothing: for a page that comes without a key. */
  newPage(): Promise<Page>
}

/** Builds the window once for a file of tests, and gives each test a stage that ends with it. */
export function windowStage(): Stage {
  let browser: Browser
  let engine: Engine | undefined
  let faults: string[] = []
  let given: Answers = {}
  const there = (): Engine => {
    if (!engine) throw new Error('no window was opened')
    return engine
  }
  test.beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true })
    browser = await chromium.launch({
      executablePath: process.env['COORD_CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    })
  })
  test.afterAll(() => browser.close())
  test.beforeEach(() => {
    faults = []
    given = {}
  })
  test.afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    await engine?.stop()
    expect(faults).toEqual([])
  })
  return {
    get engine() {
      return there()
    },
    ran: (name) =>
      there()
        .commands.filter(([one]) => one === name)
        .map(([, input]) => input),
    newPage: () => browser.newPage(),
    answer: (answers) => void Object.assign(given, answers),
    async open(snapshot, options = {}, beyond = {}) {
      engine = await startEngine(snapshot, given, beyond)
      const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options })
      const page = await context.newPage()
      page.on('pageerror', (error) => faults.push(String(error)))
      page.on('console', (text) => {
        const isNetwork = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_FAILED|ERR_INTERNET/.test(text.text())
        if (text.type() === 'error' && !isNetwork) faults.push(text.text())
      })
      await page.goto(engine.url)
      await expect(page.locator('h1').first()).toBeAttached()
      await expect(page.locator('main')).toBeVisible()
      await expect(page.getByText('Asking Coord Tray how things are')).toHaveCount(0)
      return page
    },
  }
}

/** How each view is looked at: colours, and the three shapes of the frame. */
export const LOOKS: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['forced', { forcedColors: 'active' }],
  // 1 200 px at 200 %.
  ['rail', { viewport: { width: 600, height: 720 } }],
  ['bar', { viewport: { width: 360, height: 640 }, colorScheme: 'dark' }],
]

/** Ends a story's title: two looks that differ in all are of the default run, those between them of the long one. */
export const tagOf = (look: string): string => (look === 'light' || look === 'bar' ? '' : ' @long')

export const rowOf = (page: Page, name: RegExp) => page.getByRole('row', { name })
export const notices = (page: Page) => page.getByRole('list', { name: 'Notices' })

/** What `stage.answer` gives for a command that fails. */
export function refuse(code: CommandError['code'], message = 'x'): never {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- the double's way to answer an error
  throw { code, message } satisfies CommandError
}

/** Of what can have the focus: where its ring is cut off. Not of long texts: a browser brings the line that is typed into view. */
async function cutRings(page: Page): Promise<readonly string[]> {
  // No key of the window's: from a key on, what has the focus shows it.
  await page.keyboard.press('F9')
  return page.evaluate(() => {
    const found = new Set<string>()
    const had = document.activeElement
    for (const node of document.querySelectorAll<HTMLElement>('a[href], button, input, [tabindex]')) {
      node.focus()
      if (document.activeElement !== node || !node.matches(':focus-visible')) continue
      const style = getComputedStyle(node)
      const px = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset) - 0.6
      const box = node.getBoundingClientRect()
      for (let up: HTMLElement | null = node.parentElement; up; up = up.parentElement) {
        const isPage = up === document.documentElement
        if (!isPage && getComputedStyle(up).overflow === 'visible') continue
        const edge = up.getBoundingClientRect()
        const within = isPage
          ? { left: 0, top: 0, right: innerWidth, bottom: innerHeight }
          : {
              left: edge.left + up.clientLeft,
              top: edge.top + up.clientTop,
              right: edge.left + up.clientLeft + up.clientWidth,
              bottom: edge.top + up.clientTop + up.clientHeight,
            }
        // What is higher than what it stands in is never whole.
        if (box.height + 20 > within.bottom - within.top) break
        if (
          box.left - px < within.left ||
          box.top - px < within.top ||
          box.right + px > within.right ||
          box.bottom + px > within.bottom
        )
          found.add(`${node.outerHTML.slice(0, 120)} in ${up.className}`)
      }
    }
    if (had instanceof HTMLElement && had !== document.body) had.focus()
    else (document.activeElement as HTMLElement | null)?.blur()
    return [...found]
  })
}

/** Nothing of the page is beyond its right edge, nothing has scrolled it, no ring is cut off, and the view's bar is one line, two where the window is narrower than 600 px. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const bar = await page.evaluate(() => document.querySelector('main > header')?.clientHeight ?? 0)
  expect(bar).toBeLessThan((page.viewportSize()?.width ?? 0) >= 600 ? 50 : 90)
  expect(await cutRings(page)).toEqual([])
  expect(
    await page.evaluate(() => {
      const { scrollWidth, scrollTop } = document.documentElement
      const top = document.querySelector('main')?.getBoundingClientRect().top
      return { isWide: scrollWidth > innerWidth, scrollTop, top }
    }),
  ).toEqual({ isWide: false, scrollTop: 0, top: 0 })
}

/** By Tab alone, from where the focus is. */
export async function tabTo(page: Page, control: Locator): Promise<void> {
  const has = (): Promise<boolean> => control.evaluate((node) => node === document.activeElement)
  for (let presses = 0; presses < 30 && !(await has()); presses++) await page.keyboard.press('Tab')
  await expect(control).toBeFocused()
}

/** The link of the sidebar to a view. */
export const viewLink = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: new RegExp(`^${name}`) })

/** Goes to a view and waits until it is there. */
export async function goTo(page: Page, name: string): Promise<void> {
  await viewLink(page, name).click()
  await expect(page.locator('main h1')).toHaveText(name)
  // Its code comes when it is first wanted.
  await expect(page.locator('main [data-coming]')).toHaveCount(0)
}

/** From now on time goes by only as a story says: an act that can be undone for ten seconds waits for a slow machine, too. */
export async function stopClock(page: Page): Promise<void> {
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 1_000)
}
