/** Text that somebody else wrote: on its own in the line's direction, and with nothing in it that a person cannot see. */
import { showInvisible } from '../../shared/text.ts'

interface ForeignProps {
  readonly text: string
  readonly className?: string | undefined
  /** Line breaks stay; else the text is one line. */
  readonly isBlock?: boolean
}

const oneLine = (text: string): string => text.replace(/[\t\r\n]+/g, ' ')

export function Foreign({ text, className, isBlock = false }: ForeignProps) {
  return (
    <bdi dir="auto" className={className}>
      {showInvisible(isBlock ? text : oneLine(text))}
    </bdi>
  )
}
