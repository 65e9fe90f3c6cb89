/** Text in lines of a width, broken at blanks. */

/** `width`: in characters; words longer than that stand alone. */
export function wrap(text: string, width: number): readonly string[] {
  const rows: string[] = []
  for (const paragraph of text.split('\n')) {
    let row = ''
    for (const word of paragraph.split(' ')) {
      if (row !== '' && row.length + 1 + word.length > width) {
        rows.push(row)
        row = word
      } else row = row === '' ? word : `${row} ${word}`
    }
    rows.push(row)
  }
  return rows
}
