import { expect, it } from 'vitest'
import { appImageOf } from './app-image.ts'

const env = { APPIMAGE: '/home/u/Coord_Tray.AppImage', APPDIR: '/tmp/.mount_CoordX' }

it('names the file of the AppImage that a program runs out of', () => {
  expect(appImageOf(env, '/tmp/.mount_CoordX/usr/lib/coord-tray/coord-tray')).toBe(env.APPIMAGE)
  expect(appImageOf({ ...env, APPDIR: '/tmp/.mount_CoordX/' }, '/tmp/.mount_CoordX/a')).toBe(env.APPIMAGE)
})

it('another program’s AppImage, handed on by its terminal, is none of ours', () => {
  expect(appImageOf(env, '/usr/lib/coord-tray/coord-tray')).toBeNull()
  expect(appImageOf(env, '/tmp/.mount_CoordXY/coord-tray')).toBeNull()
  expect(appImageOf({ APPIMAGE: env.APPIMAGE }, '/tmp/.mount_CoordX/a')).toBeNull()
  expect(appImageOf({}, '/a')).toBeNull()
})
