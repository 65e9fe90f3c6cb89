/** Where the window is, as the part of the address after `#`: a view, a thing in it, and a project to look at. Pure. */

export const viewNames = ['now', 'queue', 'messages', 'locks', 'board', 'check', 'settings'] as const
export type ViewName = (typeof viewNames)[number]

export interface Route {
  readonly view: ViewName
  /** What is open in the view: an id, or a name that the view knows; null: nothing. */
  readonly id: string | null
  /** Only things of this project are shown; null: of all. */
  readonly project: string | null
}

export const HOME: Route = { view: 'now', id: null, project: null }

const isView = (text: string): text is ViewName => (viewNames as readonly string[]).includes(text)

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** `#/queue/s.0.0?project=web` for a route. */
export function toHash({ view, id, project }: Route): string {
  const path = id === null ? `#/${view}` : `#/${view}/${encodeURIComponent(id)}`
  return project === null ? path : `${path}?project=${encodeURIComponent(project)}`
}

/** The route that an address names; what it cannot name is the home view. */
export function fromHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [view = '', id = ''] = path.split('/', 2)
  if (!isView(view)) return HOME
  const project = new URLSearchParams(query).get('project')
  return { view, id: id === '' ? null : decode(id), project: project === '' ? null : project }
}
