/** What survives the end of the process that nobody planned (issue 3, "Shown by" 2). */
import { expect, test } from '@playwright/test'
import { killAll, until } from './support/desktop.ts'
import { Story } from './support/story.ts'

test('kill -9 in the middle of a flush: nothing lost, nothing doubled, no toast twice', async () => {
  const story = await Story.start()
  try {
    await story.apiUp()
    story.gate.delayWrites(150) // so that a kill can fall between two
    await story.messageToUs('once only')
    const total = 20
    for (let n = 1; n <= total; n++) story.appendMessage(n)
    const first = story.startApp()
    await story.desktop.registered(first.pid)
    await story.desktop.wait('notify')
    await until('the first of the calls', async () => (await story.sentSubjects()).length >= 3)
    first.kill('SIGKILL')
    expect(await first.exited).toBe('SIGKILL')
    await killAll(story.home.path)
    expect((await story.sentSubjects()).length).toBeLessThan(total)
    const before = story.desktop.said.length
    const second = story.startApp()
    await story.desktop.registered(second.pid)
    await until('all calls', async () => (await story.sentSubjects()).length >= total, 60_000)
    await story.tooltip(/Online(?!.*waiting)/)
    expect(await story.sentSubjects()).toEqual(Array.from({ length: total }, (_, i) => `message ${i + 1}`))
    expect(
      story.desktop.said.slice(before).filter((fact) => JSON.stringify(fact).includes('once only')),
    ).toHaveLength(0)
  } finally {
    await story.end()
  }
})
