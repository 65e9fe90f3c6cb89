/** A view's filter: `/` goes there, Escape empties it and goes back to the list. */
import { Search } from 'lucide-react'
import { focusList } from './focus.ts'
import css from './Filter.module.css'

interface FilterProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
}

export function Filter({ label, value, onChange }: FilterProps) {
  return (
    <div className={css.filter}>
      <Search size={14} aria-hidden="true" />
      <input
        type="search"
        data-filter
        aria-label={label}
        placeholder="Filter"
        aria-keyshortcuts="/"
        value={value}
        maxLength={200}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onChange('')
          else if (event.key !== 'ArrowDown' && event.key !== 'Enter') return
          event.preventDefault()
          focusList()
        }}
      />
    </div>
  )
}

/** Whether each word of the filter stands in one of the texts; upper and lower case are alike. */
export function fits(filter: string, ...texts: readonly (string | null)[]): boolean {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const all = texts.map((text) => (text ?? '').toLowerCase())
  return words.every((word) => all.some((text) => text.includes(word)))
}
