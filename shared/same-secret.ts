/**
 * Whether what was given is the secret. The time it takes depends on the length of what was given and on nothing else, so that
 * no caller learns the secret bit by bit. An empty secret is nobody's.
 */
export function isSameSecret(given: unknown, secret: string): boolean {
  if (typeof given !== 'string' || secret === '') return false
  let difference = given.length ^ secret.length
  for (let i = 0; i < given.length; i++)
    difference |= given.charCodeAt(i) ^ secret.charCodeAt(i % secret.length)
  return difference === 0
}
