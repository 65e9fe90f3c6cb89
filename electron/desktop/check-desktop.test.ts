/** The desktop's findings: what is not well always comes with a way out. */
import { expect, it } from 'vitest'
import { checkDesktop } from './check-desktop.ts'

it('says for every state of the desktop what is so, and what to do where it is not well', async () => {
  for (const hasHost of [true, false, null])
    for (const isOn of [true, false])
      for (const isWanted of [true, false, null]) {
        const found = await checkDesktop({
          hasTrayHost: () => Promise.resolve(hasHost),
          isAutostartOn: () => isOn,
          isAutostartWanted: () => isWanted,
        })
        expect(found.map((f) => [f.check, f.isWell])).toEqual([
          ['tray', hasHost],
          ['start at login', isOn === (isWanted ?? false)],
        ])
        for (const f of found) if (f.isWell === false) expect(f.fix).toBeTruthy()
      }
})
