/** The desktop's findings: what is not well always comes with a way out. */
import { expect, it } from 'vitest'
import { checkDesktop } from './check-desktop.ts'

it('says for every state of the desktop what is so, and what to do where it is not well', () => {
  for (const host of ['running', 'absent', 'unknown'] as const)
    for (const isOn of [true, false])
      for (const isWanted of [true, false, null]) {
        const found = checkDesktop({
          trayHost: () => host,
          isAutostartOn: () => isOn,
          isAutostartWanted: () => isWanted,
        })
        expect(found.map((f) => [f.check, f.isWell])).toEqual([
          ['tray', { running: true, absent: false, unknown: null }[host]],
          ['start at login', isOn === (isWanted ?? false)],
        ])
        for (const f of found) if (f.isWell === false) expect(f.fix).toBeTruthy()
      }
})
