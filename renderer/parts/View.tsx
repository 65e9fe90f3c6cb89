/** The frame of a view: its heading with what it counts, its tools, and what it shows. */
import { Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { go, useRoute } from '../data/window.ts'
import { openPalette } from '../frame/open.ts'
import { Button } from './Button.tsx'
import { Project } from './Chip.tsx'
import { focusAfter, focusHeading } from './focus.ts'
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

/** Where the sidebar has no room for the projects: which one is looked at, and the way back. */
function OneProject() {
  const { view, id, project } = useRoute()
  if (project === null || view === 'check' || view === 'settings') return null
  return (
    <div className={css.project}>
      <span>Only</span> <Project name={project} />
      <Button
        isLocal
        look="quiet"
        onClick={() => focusAfter(() => go({ id, project: null }, 'replace'), focusHeading)}
      >
        Show all projects
      </Button>
    </div>
  )
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
      <OneProject />
      <div className={isPage ? css.page : css.body}>{children}</div>
    </>
  )
}
