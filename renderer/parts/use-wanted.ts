/** What a person just chose, shown at once: it is saved a moment later, or is not, and then it is as it was. */
import { useState } from 'react'

/** Carries out a choice; false: it was not taken. */
export type Choose<T> = (value: T) => Promise<boolean> | void

/** The value to show, and how to choose another. */
export function useWanted<T>(value: T, choose: Choose<T>): [T, (next: T) => void] {
  const [wanted, setWanted] = useState<{ readonly next: T; readonly from: T } | null>(null)
  // The value is another one now: it counts, whatever was wanted.
  if (wanted && !Object.is(wanted.from, value)) setWanted(null)
  const take = async (next: T): Promise<void> => {
    setWanted({ next, from: value })
    if ((await choose(next)) === false) setWanted(null)
  }
  return [wanted ? wanted.next : value, (next) => void take(next)]
}
