/** What a person does in the window, in real Electron: real API, real queue file, real hooks; the desktop's bus is a double. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { SESSION, Story } from './support/story.ts'

let story: Story
let page: Page
test.afterEach(() => story.end())

const row = (name: RegExp) => page.getByRole('row', { name })
const button = (name: string | RegExp) => page.getByRole('button', { name })
const heading = (name: string) => page.getByRole('heading', { level: 1, name })
/** The app on a world that is set up, its window opened from the tray. */
async function start(): Promise<void> {
  story = await Story.start()
  await story.apiUp()
  const { app } = await story.launchApp()
  await story.desktop.registered(app.process().pid)
  await story.tooltip(/Online/)
  const opened = app.waitForEvent('window')
  await story.desktop.click('Open')
  page = await opened
  await expect(heading('Now')).toBeVisible()
}
async function goTo(letter: string, name: string): Promise<void> {
  await page.keyboard.press('g')
  await page.keyboard.press(letter)
  await expect(heading(name)).toBeFocused()
  await expect(page.locator('main [data-coming]')).toHaveCount(0)
}

interface HookSettings {
  readonly hooks: Record<string, { readonly hooks: { readonly command: string }[] }[]>
}

test('the first run, to a connected session: answered, hooks written, called by one as Claude Code does', async () => {
  story = await Story.start()
  story.isFirstRun = true
  // It opens its window by itself.
  const { app } = await story.launchApp()
  page = app.windows()[0] ?? (await app.waitForEvent('window'))
  await expect(heading('Set up Coord Tray')).toBeVisible()
  await page.getByRole('textbox', { name: 'Name' }).fill('FIRST')
  await page.getByRole('textbox', { name: 'Path of a folder' }).fill(story.workspace.path)
  await button('Add it').click()
  await expect(page.getByText('1 folder of 1 chosen')).toBeVisible()
  await button('Save and go on').press('Enter')
  await expect(heading('Connect your sessions')).toBeFocused()
  const file = join(story.home.path, '.claude/settings.json')
  await expect(page.getByText(file)).toBeVisible()
  expect(existsSync(file)).toBe(false)
  await button('Write the hooks').press('Enter')
  await expect(page.getByText('Waiting for the first call…')).toBeVisible()
  await expect(button('Later')).toBeFocused()
  const { hooks } = JSON.parse(readFileSync(file, 'utf8')) as HookSettings
  const command = hooks['SessionStart']?.[0]?.hooks[0]?.command ?? ''
  expect(command).toContain('hook run start')
  const call = { session_id: 'cafecafe-1', cwd: story.workspace.path, hook_event_name: 'SessionStart' }
  execFileSync('sh', ['-c', command], {
    cwd: story.workspace.path,
    input: JSON.stringify({ ...call, source: 'startup' }),
    env: { ...process.env, ...story.env },
  })
  await expect(page.getByText(/^FIRST\/\S+ called/)).toBeVisible()
  await button('Open the window').press('Enter')
  await expect(heading('Now')).toBeFocused()
})

test('read, answer, find again: with the mouse, and with keys alone', async () => {
  await start()
  const first = await story.messageToUs('the plan', 'First the schema, then the rows.')
  await goTo('m', 'Messages')
  await row(/OTHER\/b/).click()
  await expect(page.getByText('First the schema, then the rows.')).toBeVisible()
  await page.getByRole('textbox', { name: 'Answer' }).fill('Understood.')
  await button('Send').click()
  await expect.poll(() => story.sentSubjects()).toEqual(['Re: the plan'])
  await expect(page.getByRole('textbox', { name: 'Answer' })).toBeFocused()
  // Its session reads it, and it is found all the same.
  await story.call('PUT', `messages/${first}/read?session_id=${encodeURIComponent(SESSION)}`)
  await story.messageToUs('the second step', 'Now the rows.')
  await page.keyboard.press('Escape')
  await expect(row(/OTHER\/b.*the second step/)).toBeFocused()
  await page.keyboard.press('a')
  await expect(page.getByRole('textbox', { name: 'Answer' })).toBeFocused()
  await page.keyboard.type('Begun.')
  await page.keyboard.press('Control+Enter')
  await expect.poll(() => story.sentSubjects()).toEqual(['Re: the plan', 'Re: the second step'])
  await expect(page.getByRole('textbox', { name: 'Answer' })).toBeFocused()
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.keyboard.type('the plan')
  await page.keyboard.press('Enter')
  await expect(row(/OTHER\/b/)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByText('First the schema, then the rows.')).toBeVisible()
})

test('clean up: a session at work is asked about, and what it held is released', async () => {
  await start()
  await story.claim('db')
  await story.claim('deploy')
  await story.claim('theirs', 'OTHER/b')
  await goTo('l', 'Locks')
  await expect(row(/^db/)).toBeVisible()
  await page.keyboard.press('j')
  await expect(row(/· 2 locks/)).toBeFocused()
  await page.keyboard.press('c')
  await expect(page.getByRole('alertdialog', { name: 'This session is still at work' })).toContainText(
    'db (p)',
  )
  await expect(button('Cancel')).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(button('Release 2 anyway')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect.poll(() => story.held()).toEqual(['theirs'])
  await expect(row(/^db/)).toHaveCount(0)
  await expect(page.locator('main :is([role=row], h1):focus')).toHaveCount(1)
})

test('a flush of 10,000 is watched, from the first to the last @long', async () => {
  test.setTimeout(900_000)
  await start()
  story.gate.hold('writes')
  const body = { from_session: SESSION, to_session: 'OTHER/b', project_key: 'p', body: 'x' }
  const line = (n: number): string =>
    JSON.stringify({
      ts: new Date().toISOString(),
      method: 'POST',
      path: '/api/coord/messages',
      body: { ...body, subject: `message ${n}` },
    })
  appendFileSync(story.queueFile, Array.from({ length: 10_000 }, (_, n) => `${line(n)}\n`).join(''))
  await goTo('q', 'Queue')
  await expect(page.getByText(/^10,000 waiting/)).toBeVisible()
  story.gate.release()
  const bar = page.getByRole('progressbar', { name: 'Calls of this flush that have ended' })
  await expect(bar).toHaveAttribute('aria-valuemax', '10000')
  await expect(page.getByText(/^[\d,]+ of 10,000 · [\d,.]+\/s · .* left$/)).toBeVisible()
  await page.keyboard.press('j')
  await expect(page.locator('[role=row]:focus')).toHaveCount(1)
  await expect(page.getByText('10,000 calls delivered.')).toBeVisible({ timeout: 800_000 })
  await expect(bar).toHaveCount(0)
  await expect(page.getByText('0 waiting · 0 set aside')).toBeVisible()
  const last = await story.rows('messages?to_session=OTHER%2Fb&limit=1')
  expect(last.map((one) => one['subject'])).toEqual(['message 9999'])
})

test('a set-aside call is brought home by keys alone: what is wrong is marked, edited and delivered', async () => {
  await start()
  story.append(
    JSON.stringify({
      ts: new Date().toISOString(),
      method: 'POST',
      path: '/api/coord/locks',
      body: { session_id: SESSION, project_key: 'p', resource: 'dashboard', ttl_hours: 'two' },
    }),
  )
  await goTo('q', 'Queue')
  await expect(row(/Claim dashboard for a/)).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect(row(/Claim dashboard for a/)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'The call as it was queued' }).locator('mark')).toHaveText(
    /"ttl_hours": "two"/,
  )
  await page.keyboard.press('e')
  const text = page.getByRole('textbox', { name: 'The call, as JSON' })
  await expect(text).toBeFocused()
  await text.fill((await text.inputValue()).replace('"two"', '2'))
  await page.keyboard.press('Control+Enter')
  await expect.poll(() => story.held()).toEqual(['dashboard'])
  await expect(row(/call has a field that the API rejects/)).toHaveCount(0)
  await expect(page.getByText('0 waiting · 0 set aside')).toBeVisible()
  await expect(page.locator('main :is([role=row], h1):focus')).toHaveCount(1)
})
