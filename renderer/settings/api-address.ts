/** Whether a text can be the address of a coordination API. Pure. */

/** Why not, as a sentence; undefined where it can. An empty text is not wrong yet. */
export function explainAddress(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  let url: URL
  try {
    url = new URL(trimmed)
  } catch {
    return 'This is no address yet: it begins with http:// or https:// and names a host.'
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return 'The address must begin with http:// or https://.'
  if (url.username !== '' || url.password !== '')
    return 'A name or password does not belong in the address: it would be shown and logged.'
  if (url.search !== '' || url.hash !== '') return 'The address must end before "?" and "#".'
  return undefined
}

/** It can be saved. */
export const isAddress = (text: string): boolean => text.trim() !== '' && explainAddress(text) === undefined
