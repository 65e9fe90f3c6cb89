/** The frame of a view: its heading with what it counts, its tools, and what it shows. */
import { Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { openPalette } from '../frame/open.ts'
import { Button } from './Button.tsx'
import css from './View.module.css'

interface ViewProps {
  readonly title: string
  /** Beside the heading, small: `15 here · 25 elsewhere`. */
  readonly sub?: ReactNode
  /** Filters and acts of the whole view. */
  readonly tools?: ReactNode
  /** The view scrolls as a page; else its lists do. */
  readonly isPage?: boolean
  readonly children: ReactNode
}

export function View({ title, sub, tools, isPage = false, children }: ViewProps) {
  return (
    <>
      <header className={css.bar}>
        <h1 tabIndex={-1}>{title}</h1>
        {sub !== undefined && <p className={css.sub}>{sub}</p>}
        <div className={css.tools}>{tools}</div>
        <Button isLocal className={css.find} onClick={openPalette} hint="Ctrl+K">
          <Search size={14} aria-hidden="true" />
          <span className={css.findWords}>Search or run a command</span>
        </Button>
      </header>
      <div className={isPage ? css.page : css.body}>{children}</div>
    </>
  )
}
