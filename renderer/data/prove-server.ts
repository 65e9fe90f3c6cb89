/** Before a page gives its key again to whoever listens now where its program was, that one shows that it knows the key. */

const toHex = (bytes: Uint8Array): string =>
  [...bytes].map((one) => one.toString(16).padStart(2, '0')).join('')

/** `electron/bridge/window-proof.ts` computes the same. */
async function proofOf(token: string, nonce: string): Promise<string> {
  const text = new TextEncoder()
  const key = await crypto.subtle.importKey(
    'raw',
    text.encode(token),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  return toHex(new Uint8Array(await crypto.subtle.sign('HMAC', key, text.encode(`coord window ${nonce}`))))
}

/** Whether this page's own address is served by a program that has the same key. Rejects where nobody answers. */
export async function isOurServer(token: string): Promise<boolean> {
  // Absent in a browser that takes 127.0.0.1 for an unsafe place: then it cannot be known.
  if (!('subtle' in crypto)) return false
  const nonce = toHex(crypto.getRandomValues(new Uint8Array(16)))
  const answer = await fetch(`/proof/${nonce}`, { redirect: 'error' })
  return answer.ok && (await answer.text()) === (await proofOf(token, nonce))
}
