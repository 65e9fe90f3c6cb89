/** There is something, and none of it fits the filter or is of the project that is looked at. */
import { go, useRoute } from '../data/window.ts'
import { Button } from './Button.tsx'
import { Empty } from './Empty.tsx'
import { focusAfter, focusList } from './focus.ts'

interface NothingFitsProps {
  /** What the list is of: `lock`. */
  readonly one: string
  readonly filter: string
  readonly onFilter: (text: string) => void
  /** There is more than was read. */
  readonly isReading?: boolean
}

export function NothingFits({ one, filter, onFilter, isReading = false }: NothingFitsProps) {
  const { id, project } = useRoute()
  const ofProject = project === null ? '' : ' of this project'
  const words = filter.trim() === '' ? 'is listed' : 'has all of these words'
  return (
    <Empty title={isReading ? 'Reading…' : 'Nothing fits'}>
      {!isReading && (
        <p>
          No {one}
          {ofProject} {words}.
        </p>
      )}
      <Button
        isLocal
        onClick={() => {
          focusAfter(() => {
            onFilter('')
            // What is open stays open.
            go({ id, project: null }, 'replace')
          }, focusList)
        }}
      >
        Show all
      </Button>
    </Empty>
  )
}
