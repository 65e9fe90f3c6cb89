/** What was, asked for when a view opens and each half minute while it is open. */
import { useEffect, useState } from 'react'
import type { HistoryView } from '../../shared/snapshot.ts'
import { useActs } from './window.ts'

const EVERY_MS = 30_000

/** Undefined until it is there; the last one where it cannot be had anew. Another `round` asks at once. */
export function useHistory(round = ''): HistoryView | undefined {
  const acts = useActs()
  const [history, setHistory] = useState<HistoryView>()
  useEffect(() => {
    let isGone = false
    const ask = async (): Promise<void> => {
      const got = await acts.read('history.get', null)
      if (!isGone && got) setHistory(got)
    }
    void ask()
    const timer = setInterval(() => void ask(), EVERY_MS)
    return () => {
      isGone = true
      clearInterval(timer)
    }
  }, [acts, round])
  return history
}
