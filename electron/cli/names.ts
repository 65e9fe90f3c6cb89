/** Names of machines and sessions, as a person may spell them. A wrong one would make locks and messages nobody's. */

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const BLANK_OR_CONTROL = /[\s\u0000-\u001f\u007f-\u009f]/
const LONGEST = 400

/** What is wrong with a machine's name; null where nothing is. */
export function machineFault(name: string): string | null {
  if (name.includes('/')) return 'a machine has no "/" in its name'
  return spellingFault(name)
}

/** What is wrong with the name of a session, `MACHINE/NAME`; null where nothing is. */
export function sessionFault(name: string, machine: string): string | null {
  const [first = '', ...rest] = name.split('/')
  if (rest.length === 0) return `a session is MACHINE/NAME (${machine}/${name.trim() || 'NAME'}?)`
  if (first === '' || rest.join('/') === '') return 'a session is MACHINE/NAME, and one of both is empty'
  return spellingFault(name)
}

function spellingFault(name: string): string | null {
  if (BLANK_OR_CONTROL.test(name)) return 'it has a blank or a control character'
  return name.length > LONGEST ? `it is longer than ${LONGEST} characters` : null
}
