/** An AppImage is mounted elsewhere at each start: what is to be started later is its file. */

/**
 * The file of the AppImage that `program` runs out of, or null. `APPIMAGE` alone does not say so: a terminal that was
 * opened from another program's AppImage hands that one's on.
 */
export function appImageOf(
  env: Readonly<Record<string, string | undefined>>,
  program: string,
): string | null {
  const { APPIMAGE: file, APPDIR: mount } = env
  if (!file || !mount) return null
  const inside = mount.endsWith('/') ? mount : `${mount}/`
  return program.startsWith(inside) ? file : null
}
