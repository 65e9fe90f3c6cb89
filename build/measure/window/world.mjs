// The invented world that the window shows while it is measured: one folder with a very long queue.

export const CALLS = 10_000

/** A world with 10 000 calls that wait in one folder; the picture has the first page, as the engine's has. */
export function fullQueue(rich) {
  const world = rich()
  const [folder, ...rest] = world.workspaces
  return {
    ...world,
    workspaces: [{ ...folder, waiting: CALLS, next: waitingRows(folder).slice(0, 50) }, ...rest],
    totals: { ...world.totals, waiting: CALLS },
  }
}

export const waitingRows = (folder) => {
  const [like] = folder.next
  return Array.from({ length: CALLS }, (_, n) => ({
    ...like,
    id: `w.${n}.0`,
    path: `/api/coord/components/gururmm/part-${n}`,
  }))
}
