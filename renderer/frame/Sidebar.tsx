/** The way through the window: this machine and its connection, the views with what they count, the projects. */
import { toCount } from '../../shared/text.ts'
import { toHash, type ViewName } from '../data/routes.ts'
import { go, useRoute, useSnapshot, useWindow } from '../data/window.ts'
import { Avatar, Project } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { describePill, describeState, NO_ANSWER } from '../words.ts'
import css from './Sidebar.module.css'
import { countOf, PROGRAM_VIEWS, VIEWS, WORK_VIEWS } from './views.ts'

const MOST_SHOWN = 999
const MOST_PROJECTS = 12

function ViewLink({ view }: { readonly view: ViewName }) {
  const route = useRoute()
  const left = useWindow((state) => state.left[view])
  const snapshot = useSnapshot((all) => all)
  const { title, icon: Icon, key } = VIEWS[view]
  const going = useWindow((state) => state.going)
  const count = countOf(view, snapshot, going)
  const isHere = route.view === view
  // A view is found again as it was left; from within it, the link leads to its beginning.
  const to =
    isHere || !left ? { view, id: null, project: route.project } : { ...left, project: route.project }
  return (
    <a
      href={toHash(to)}
      className={css.link}
      aria-current={isHere ? 'page' : undefined}
      aria-keyshortcuts={`g ${key}`}
      title={count && count.n > 0 ? `${title}: ${count.words}` : title}
    >
      <Icon size={16} strokeWidth={1.8} aria-hidden="true" />
      <span className={css.title}>{title}</span>
      {count !== null && count.n > 0 && (
        <>
          <span className={`${css.count} ${count.isHot ? css.hot : ''}`} aria-hidden="true">
            {count.n > MOST_SHOWN ? `${MOST_SHOWN}+` : toCount(count.n)}
          </span>
          <span className="hidden">, {count.words}</span>
        </>
      )}
    </a>
  )
}

function Pill() {
  const link = useWindow((state) => state.link)
  const snapshot = useSnapshot((all) => all)
  const pill = describePill(snapshot, link)
  const state = describeState(snapshot)
  const whole = { up: `${state.title}. ${state.meaning}`, lost: NO_ANSWER, refused: pill.text }
  return (
    <a
      href={toHash({ view: 'check', id: null, project: null })}
      className={`${css.pill} ${css[pill.tone]}`}
      title={whole[link]}
    >
      <span className={css.dot} aria-hidden="true" />
      <span className={css.pillText}>{pill.text}</span>
    </a>
  )
}

function Projects() {
  const { project } = useRoute()
  const names = useSnapshot((all) => all.projects)
  if (names.length < 2 && project === null) return null
  const shown = project !== null && !names.includes(project) ? [project, ...names] : names
  return (
    <div className={css.projects}>
      <h2 id="projects">Projects</h2>
      <ul aria-labelledby="projects">
        {shown.slice(0, MOST_PROJECTS).map((name) => (
          <li key={name}>
            <button
              type="button"
              className={css.link}
              aria-pressed={name === project}
              title={name === project ? 'Show all projects' : 'Show only this project'}
              onClick={() => go({ project: name === project ? null : name })}
            >
              <Project name={name} />
            </button>
          </li>
        ))}
      </ul>
      {shown.length > MOST_PROJECTS && (
        <p className={css.more}>and {shown.length - MOST_PROJECTS} more: find them with Ctrl+K</p>
      )}
    </div>
  )
}

export function Sidebar() {
  const name = useSnapshot((all) => all.machine.name)
  return (
    <nav className={css.side} aria-label="Views">
      <div className={css.who}>
        <Avatar name={name} />
        <div className={css.machine}>
          <Foreign text={name} className={css.name} />
          <Pill />
        </div>
      </div>
      <div className={css.views}>
        {WORK_VIEWS.map((view) => (
          <ViewLink key={view} view={view} />
        ))}
      </div>
      <Projects />
      <div className={css.below}>
        {PROGRAM_VIEWS.map((view) => (
          <ViewLink key={view} view={view} />
        ))}
      </div>
    </nav>
  )
}
