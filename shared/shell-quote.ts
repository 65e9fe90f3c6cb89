/** Text as one word of a POSIX shell. */

/** In single quotes, in which a shell changes nothing. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
