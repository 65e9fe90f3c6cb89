/** The calls of a torture round, made from a seed; each carries its own name, so that a judge needs nobody's word for it. */

/** Random numbers in [0, 1) that a seed repeats (mulberry32). */
export type Dice = () => number
export function dice(seed: number): Dice {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
export const below = (roll: Dice, n: number): number => Math.floor(roll() * n)

export interface Made {
  /** `WRITER-NUMBER`; stands in the line as `n`, and in the effect. */
  readonly name: string
  readonly line: string
}

/** What a line says about itself; read back from the segments. */
export interface Told {
  readonly name: string
  readonly writer: string
  readonly number: number
  /** The lane (calls of one resource keep their order; what crosses resources runs alone), worked out here from how the call was made, not by the product's own table. */
  readonly lane: string
  readonly table: 'messages' | 'alike' | 'components' | 'workflows' | 'items' | 'locks' | 'none'
  /** For a component: which one. */
  readonly of: string
}

const KINDS: readonly {
  upTo: number
  make: (w: string, n: number, r: Dice, workflows: readonly string[]) => object
}[] = [
  {
    // all alike, so that a doubt cannot be settled by looking: only the key saves these from a second effect
    upTo: 0.2,
    make: (w) =>
      call(`messages:M/alike-${w}`, 'alike', 'POST', '/api/coord/messages', {
        from_session: `M/alike-${w}`,
        to_session: 'M/reader',
        project_key: 'p',
        subject: `alike ${w}`,
        body: 'x',
      }),
  },
  {
    upTo: 0.56,
    make: (w, n, r) => {
      const session = `M/${w}${below(r, 6)}`
      return call(`messages:${session}`, 'messages', 'POST', '/api/coord/messages', {
        from_session: session,
        to_session: 'M/reader',
        project_key: 'p',
        subject: `${w}-${n}`,
        body: 'x'.repeat(below(r, 400)),
      })
    },
  },
  {
    upTo: 0.86,
    make: (w, n, r) => {
      const component = `${w}-c${below(r, 4)}`
      const body = { state: `${w}-${n}`, version: '1', updated_by: `M/${w}` }
      // both forms of the protocol name the same component, and share its lane
      return r() < 0.5
        ? call(`component:${component}`, 'components', 'PUT', `/api/coord/components/p/${component}`, body)
        : call(`component:${component}`, 'components', 'PUT', '/api/coord/components', {
            project_key: 'p',
            component,
            ...body,
          })
    },
  },
  {
    upTo: 0.93,
    make: (w, n, r, workflows) => {
      const workflow = workflows[below(r, workflows.length)] ?? ''
      return call(`items:${workflow}`, 'items', 'POST', '/api/coord/work-items', {
        workflow_id: workflow,
        project_key: 'p',
        title: `${w}-${n}`,
      })
    },
  },
  {
    // by a session that releases nothing, so that no rule of meaning skips it
    upTo: 0.96,
    make: (w, n) =>
      call('locks:p', 'locks', 'POST', '/api/coord/locks', {
        project_key: 'p',
        session_id: `M/claims-${w}`,
        resource: `${w}-${n}`,
        description: 'd',
        ttl_hours: 2,
      }),
  },
  {
    upTo: 0.98,
    make: (w, n) =>
      call('barrier', 'workflows', 'POST', '/api/coord/workflows', {
        project_key: 'p',
        name: `${w}-${n}`,
        created_by: `M/${w}`,
      }),
  },
  {
    // of a session that claims nothing: sent, and releases nothing
    upTo: 1,
    make: (w) =>
      call('barrier', 'none', 'DELETE', `/api/coord/locks?session_id=M%2Fnone-${w}&release_all=true`, null),
  },
]

function call(lane: string, table: Told['table'], method: string, path: string, body: object | null): object {
  return { lane, table, method, path, ...(body === null ? {} : { body }) }
}

/** The next call of a writer. `lane` and `table` are fields that no API knows: the product must carry them along unread. */
export function makeCall(writer: string, n: number, workflows: readonly string[], roll: Dice): Made {
  const kind = roll()
  const chosen = KINDS.find((k) => kind < k.upTo)
  if (!chosen) throw new Error('the last kind goes up to 1')
  const made = {
    ts: new Date().toISOString(),
    n: `${writer}-${n}`,
    ...chosen.make(writer, n, roll, workflows),
  }
  return { name: `${writer}-${n}`, line: JSON.stringify(made) }
}

export function tell(line: string): Told {
  const said = JSON.parse(line) as { n: string; lane: string; table: Told['table'] }
  const dash = said.n.lastIndexOf('-')
  return {
    name: said.n,
    writer: said.n.slice(0, dash),
    number: Number(said.n.slice(dash + 1)),
    lane: said.lane,
    table: said.table,
    of: said.lane.startsWith('component:') ? said.lane.slice('component:'.length) : '',
  }
}
