/** A desktop that shows no tray icons: nobody owns org.kde.StatusNotifierWatcher. */
import { expect, test } from '@playwright/test'
import { until, windowsOf } from './support/desktop.ts'
import { Story } from './support/story.ts'

test('no tray host: an ordinary window, and a hint', async () => {
  const story = await Story.start('--no-tray-host')
  try {
    await story.apiUp()
    const running = story.startApp()
    const hint = await story.desktop.wait('notify')
    expect(hint['summary']).toBe('No tray host on this desktop')
    expect(String(hint['body'])).toContain('AppIndicator')
    await until('the window', () => windowsOf(story.home.path) === 1)
    expect(story.desktop.all('registered')).toEqual([])
    running.kill('SIGTERM')
    expect(await running.exited).toBe(0)
    await story.noProcessLeft()
  } finally {
    await story.end()
  }
})
