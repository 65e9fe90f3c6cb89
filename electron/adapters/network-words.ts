/** Why a server could not be asked, in a person's words: the same from every client. */

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name is not known',
  EHOSTUNREACH: 'no way there',
  ENETUNREACH: 'no network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
}
const LONGEST = 200

/** Node's parser has a code for it, undici's a name. */
const isNoHttp = (error: unknown, code: string): boolean =>
  code === 'HPE_INVALID_CONSTANT' || (error instanceof Error && /HTTP\/1\.1 protocol/.test(error.message))

/** `code`: Node's or undici's, or empty. What has no words of ours is told in the system's, 200 characters of them. */
export function networkWords(error: unknown, code: string): string {
  const known = WORDS[code]
  if (known !== undefined) return known
  const said = error instanceof Error ? error.message : String(error)
  if (isNoHttp(error, code)) return 'what answers speaks no HTTP'
  if (said === '' || said.includes(code)) return (said || code || 'no answer').slice(0, LONGEST)
  return `${code}: ${said}`.slice(0, LONGEST)
}
