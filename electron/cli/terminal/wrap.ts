/** Text in lines of a width, broken at blanks. */

/** A command in quotes stays on one line, where one is long enough: whoever copies it gets all of it. */
const WORDS = /"[^"]*"\S*|\S+/g

/**
 * `width`: in characters; words longer than that stand alone. What a line begins with (blanks) its further lines begin with, too.
 */
export function wrap(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((paragraph) => {
    if (paragraph.length <= width) return [paragraph]
    const indent = /^ */.exec(paragraph)?.[0] ?? ''
    const room = width - indent.length
    const rows: string[] = []
    let row = ''
    for (const word of wordsOf(paragraph, room)) {
      if (row !== '' && row.length + 1 + word.length > room) {
        rows.push(row)
        row = word
      } else row = row === '' ? word : `${row} ${word}`
    }
    return [...rows, row].map((one) => (one === '' ? '' : indent + one))
  })
}

const wordsOf = (paragraph: string, room: number): readonly string[] =>
  (paragraph.match(WORDS) ?? []).flatMap((word) => (word.length <= room ? [word] : word.split(' ')))
