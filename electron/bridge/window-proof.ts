/**
 * How the window's server shows that it knows the window's key, without the key going over the wire: after a restart the same
 * port may be another user's, and would be given the key by every page and program that comes back to it.
 */
import { createHmac } from 'node:crypto'
import { isSameSecret } from '../../shared/same-secret.ts'

/** What the one who asks made up, as the last part of `/proof/…`. */
export const isNonce = (text: string): boolean => /^[0-9a-f]{32,128}$/.test(text)

/** `renderer/data/prove-server.ts` computes the same. */
export const proofOf = (token: string, nonce: string): string =>
  createHmac('sha256', token).update(`coord window ${nonce}`).digest('hex')

export const isProof = (token: string, nonce: string, proof: string): boolean =>
  isSameSecret(proof, proofOf(token, nonce))
