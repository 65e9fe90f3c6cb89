/** A day of the tray app: one start of real Electron, real API, real queue file; the desktop's bus is a double. */
import { expect, test, type ElectronApplication } from '@playwright/test'
import { DesktopDouble, until, windowsOf } from './support/desktop.ts'
import { SESSION, Story } from './support/story.ts'

// One app lives through all of these, in this order.
test.describe.configure({ mode: 'serial' })

let story: Story
let app: ElectronApplication
let exited: Promise<number | string>
const pictures = new Map<string, string>()

test.beforeAll(async () => {
  story = await Story.start()
  ;({ app, exited } = await story.launchApp('--hidden'))
})
test.afterAll(() => story.end())

const pid = (): number | undefined => app.process().pid
/** The first line of the menu says the state in words, as the tooltip does; the picture has a shape for it. */
async function expectState(name: string, words: RegExp): Promise<void> {
  await story.tooltip(words)
  expect((await story.desktop.labels())[0]).toMatch(words)
  const picture = await story.desktop.picture()
  expect(pictures.get(name) ?? picture).toBe(picture)
  pictures.set(name, picture)
}
const flush = (): Promise<void> => story.desktop.click('Send waiting calls now')
const isWindowVisible = (): Promise<boolean> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().some((w) => w.isVisible()))
const closeWindow = async (): Promise<void> => {
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  await until('the window to hide', async () => !(await isWindowVisible()))
}

test('started hidden: a tray item with a menu, and no window', async () => {
  await story.desktop.registered(pid())
  expect(await story.desktop.labels()).toEqual(
    expect.arrayContaining(['Open', 'Send waiting calls now', 'Quit…']),
  )
  expect(((await story.desktop.ask('tray', 'tray'))['icons'] as unknown[]).length).toBeGreaterThan(0)
  await expectState('offline', /^(Coord Tray: )?Offline/)
  expect(windowsOf(story.home.path)).toBe(0)
})

test('offline → degraded with a countdown → online, in tooltip and menu; what waited arrives in order', async () => {
  for (const n of [1, 2, 3]) story.appendMessage(n)
  await expectState('offline', /Offline · 3 calls waiting/)
  await story.apiUp(12)
  await flush()
  await expectState('offline', /API busy, trying again in 20 s/)
  await expectState('offline', /API busy, trying again in 10 s/)
  expect(await story.sentSubjects()).toEqual([])
  await expectState('idle', /^(Coord Tray: )?Online$/)
  expect(await story.sentSubjects()).toEqual(['message 1', 'message 2', 'message 3'])
})

test('a call that gets no answer: waiting, then idle again', async () => {
  story.gate.hold('writes')
  story.appendMessage(4)
  await expectState('waiting', /Online · 1 call waiting/)
  story.gate.release()
  await expectState('idle', /^(Coord Tray: )?Online$/)
  expect(await story.sentSubjects()).toEqual(['message 1', 'message 2', 'message 3', 'message 4'])
})

test('a message: one notification with its text escaped; withdrawn when it is read elsewhere', async () => {
  const from = story.desktop.said.length
  const id = await story.messageToUs('please <b>review</b> & merge')
  await flush()
  const shown = await story.desktop.wait('notify', from)
  expect(shown['summary']).toBe('p · OTHER/b')
  expect(shown['body']).toBe('please &lt;b&gt;review&lt;/b&gt; &amp; merge')
  expect(shown['actions']).toContain('default')
  expect((shown['hints'] as Record<string, unknown>)['image-data']).toBe('<pixels>')
  await expectState('unread', /1 unread message/)
  expect((await story.desktop.labels()).join('\n')).toContain('please <b>review</b> & merge — OTHER/b')
  await story.call('PUT', `messages/${id}/read?session_id=${encodeURIComponent(SESSION)}`)
  await flush()
  expect((await story.desktop.wait('close', from))['id']).toBe(shown['id'])
  await expectState('idle', /^(Coord Tray: )?Online$/)
  expect(story.raised(from)).toHaveLength(1)
})

test('held locks are in the menu, and "Clean up session" releases them', async () => {
  await story.claim('db')
  await story.claim('deploy')
  await story.claim('theirs', 'OTHER/b')
  await flush()
  await expectState('idle', /Online · 2 locks held/)
  const labels = await story.desktop.labels()
  expect(labels).toEqual(expect.arrayContaining([`db — ${SESSION}`, `deploy — ${SESSION}`]))
  expect(labels).toContain('Quit (2 locks held)…')
  await story.desktop.click(`Clean up session ${SESSION}`)
  await until('the menu without locks', async () => (await story.desktop.labels()).includes('Quit…'))
  expect(await story.held()).toEqual(['theirs'])
})

test('a burst of messages becomes one summary', async () => {
  const from = story.desktop.said.length
  story.gate.hold('reads') // so that no round of reading falls into the middle of the burst
  for (let n = 1; n <= 6; n++) await story.messageToUs(`burst ${n}`)
  await flush()
  story.gate.release()
  const shown = await story.desktop.wait('notify', from)
  expect(shown['summary']).toBe('6 new messages')
  expect(shown['body']).toBe('From OTHER/b')
  await story.tooltip(/6 unread messages/)
  await story.messageToUs('one more')
  await flush()
  await until('the next one', () => story.raised(from).length > 1)
  expect(story.raised(from).map((fact) => fact['body'])).toEqual(['From OTHER/b', 'one more'])
})

test('muted from the tray: counted and not raised, and told by nothing later; unmuted it speaks again', async () => {
  const loud = await story.desktop.picture()
  await story.desktop.click('Mute for an hour')
  const labels = await until('the way back', async () => {
    const all = await story.desktop.labels()
    return all.some((label) => label.startsWith('Unmute (muted until ')) ? all : undefined
  })
  // Seen in the icon, too.
  await until('another picture', async () => (await story.desktop.picture()) !== loud)
  const from = story.desktop.said.length
  await story.messageToUs('in the quiet')
  await flush()
  await story.tooltip(/8 unread messages/)
  await story.desktop.click(labels.find((label) => label.startsWith('Unmute')) ?? '')
  await until('the mute to end', async () => (await story.desktop.labels()).includes('Mute for an hour'))
  await until('the picture of before', async () => (await story.desktop.picture()) === loud)
  await story.messageToUs('after it')
  await flush()
  await story.desktop.wait('notify', from)
  expect(story.raised(from).map((fact) => fact['body'])).toEqual(['after it'])
})

test('a click on a notification opens that message in the window', async () => {
  const from = story.desktop.said.length
  await story.messageToUs('the plan', 'First the schema, then the rows.')
  await flush()
  const shown = await story.desktop.wait('notify', from)
  expect(windowsOf(story.home.path)).toBe(0)
  const opened = app.waitForEvent('window')
  story.desktop.clickNotification(shown['id'])
  const page = await opened
  await expect(page.getByText('First the schema, then the rows.')).toBeVisible()
  await closeWindow()
  await until('the words about the tray', () =>
    story.raised(from).some((fact) => String(fact['summary']).includes('stays in the tray')),
  )
})

test('a second start shows the window of the first; a hidden one leaves it alone', async () => {
  const hidden = story.startApp('--hidden')
  expect(await hidden.exited).toBe(0)
  expect(await isWindowVisible()).toBe(false)
  const second = story.startApp()
  expect(await second.exited).toBe(0)
  await until('the window', isWindowVisible)
  expect(windowsOf(story.home.path)).toBe(1)
  await closeWindow()
})

test('what is no call needs a person: attention', async () => {
  story.append('{"not":"a call"}')
  await expectState('attention', /1 call set aside/)
  expect([...pictures.keys()]).toEqual(expect.arrayContaining(['attention', 'idle', 'offline', 'unread']))
  expect(new Set(pictures.values()).size).toBe(pictures.size)
  expect(story.desktop.all('registered')).toHaveLength(1)
})

test('the tray host restarts: the item is back, with its tooltip and menu', async () => {
  story.desktop.stop()
  story.desktop = await DesktopDouble.start()
  await story.desktop.registered(pid())
  await expectState('attention', /1 call set aside/)
  expect(await story.desktop.labels()).toEqual(
    expect.arrayContaining(['Open', 'Send waiting calls now', 'Quit…']),
  )
})

test('SIGTERM with locks held ends it without a question, and keeps them', async () => {
  await story.claim('db')
  await flush()
  await story.tooltip(/1 lock held/)
  app.process().kill('SIGTERM')
  expect(await exited).toBe(0)
  await story.noProcessLeft()
  expect(await story.held()).toContain('db')
})
