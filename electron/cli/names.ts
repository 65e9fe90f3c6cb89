/** Names of machines and sessions, as a person may spell them. A wrong one would make locks and messages nobody's. */

/** The two joiners are seen: in emoji, and in several scripts. */
const UNSEEN = /[\s\p{Cc}]|(?![\u200c\u200d])\p{Cf}/u
const LONGEST = 400

/** What is wrong with a machine's name; null where nothing is. */
export function machineFault(name: string): string | null {
  if (name.includes('/')) return 'a machine has no "/" in its name'
  return spellingFault(name)
}

/** What is wrong with the name of a session, `MACHINE/NAME`; null where nothing is. */
export function sessionFault(name: string, machine: string): string | null {
  const [first = '', ...rest] = name.split('/')
  if (rest.length === 0) return `a session is MACHINE/NAME, as ${machine}/${name.trim() || 'NAME'}`
  if (first === '' || rest.join('/') === '') return 'a session is MACHINE/NAME, and one of both is empty'
  return spellingFault(name)
}

function spellingFault(name: string): string | null {
  if (UNSEEN.test(name)) return 'it has a blank, or a character that cannot be seen'
  return name.length > LONGEST ? `it is longer than ${LONGEST} characters` : null
}
