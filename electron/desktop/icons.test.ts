/** Which picture for which bar. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { iconFiles } from './icons.ts'

const drawn = join(import.meta.dirname, '../../build/icons/drawn')

it.each([
  ['linux', false, 'ubuntu:GNOME', 'dark'],
  // Nothing tells the tone of these bars.
  ['linux', false, 'XFCE', 'colour'],
  ['linux', true, 'sway', 'colour'],
  ['linux', false, undefined, 'colour'],
  ['linux', false, 'KDE', 'light'],
  ['linux', true, 'KDE', 'dark'],
  ['linux', false, 'LXQt', 'colour'],
  ['win32', false, undefined, 'light'],
  ['win32', true, undefined, 'dark'],
] as const)('%s, dark theme %s, desktop %s: for a %s bar', (platform, isDark, desktop, tone) => {
  for (const isSilent of [false, true]) {
    const { main, double } = iconFiles(drawn, { icon: 'unread', isSilent }, platform, isDark, desktop)
    expect(main).toContain(isSilent ? `unread-silent-${tone}` : `unread-${tone}`)
    for (const file of [main, double ?? main]) expect(existsSync(file)).toBe(true)
  }
})

it('macOS: a template, with its sharper twin beside it by name', () => {
  for (const isSilent of [false, true]) {
    const { main, double } = iconFiles(drawn, { icon: 'unread', isSilent }, 'darwin', true, undefined)
    expect([existsSync(main), existsSync(main.replace('.png', '@2x.png')), double]).toEqual([
      true,
      true,
      null,
    ])
  }
})
