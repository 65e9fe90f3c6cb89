/** The self-test: run when the view opens, whenever the connection is another one, and on a wish. */
import { useCallback, useEffect, useState } from 'react'
import type { Finding } from '../../shared/protocol.ts'
import { useActs, useSnapshot, useWindow } from '../data/window.ts'
import { say } from '../parts/announce.ts'
import { headlineOf, toFindings } from './findings.ts'

export interface Checked {
  readonly findings: readonly Finding[]
  readonly at: string
}

export interface Check {
  /** Null: not yet, or it could not be done. */
  readonly checked: Checked | null
  readonly isBusy: boolean
  readonly again: () => void
}

export function useCheck(): Check {
  const acts = useActs()
  const link = useWindow((state) => state.link)
  const connection = useSnapshot((all) => all.connection.state)
  const [checked, setChecked] = useState<Checked | null>(null)
  const [round, setRound] = useState(0)
  /** The look that is done: another one is under way as long as it is not the one that is wanted. */
  const [done, setDone] = useState('')
  const wanted = `${connection} ${round}`

  useEffect(() => {
    if (link !== 'up') return
    let isGone = false
    const look = async (): Promise<void> => {
      const got = await acts.run('check.run', null)
      if (isGone) return
      setDone(wanted)
      if (!got) return
      setChecked({ findings: got.findings, at: new Date().toISOString() })
      say(`${headlineOf(toFindings(got.findings))}.`)
    }
    void look()
    return () => void (isGone = true)
  }, [acts, link, wanted])

  const again = useCallback(() => setRound((was) => was + 1), [])
  return { checked, isBusy: done !== wanted && link === 'up', again }
}
