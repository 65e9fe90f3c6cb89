/** Where a file of the package lies for a program that cannot read archives. */

/** The API's process may be a plain Node (`COORD_NODE`): `dist/cli` is kept beside the archive too (asarUnpack). */
export const outsideArchive = (path: string): string =>
  path.replace(/([\\/]app\.asar)(?=[\\/])/, '$1.unpacked')
