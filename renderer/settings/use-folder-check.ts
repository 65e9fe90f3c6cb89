/** What the path that a person types leads to, asked a moment after the last key. */
import { useEffect, useState } from 'react'
import type { FolderCheck } from '../../shared/protocol.ts'
import { useActs } from '../data/window.ts'

const PAUSE_MS = 250

/** Undefined: nothing is typed, or it is not known yet. */
export function useFolderCheck(path: string): FolderCheck | undefined {
  const acts = useActs()
  const [got, setGot] = useState<{ readonly path: string; readonly check: FolderCheck | undefined }>()
  useEffect(() => {
    if (path === '') return
    let isGone = false
    const timer = setTimeout(() => {
      void acts.read('folder.check', { path }).then((check) => {
        if (!isGone) setGot({ path, check })
      })
    }, PAUSE_MS)
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [acts, path])
  return got?.path === path ? got.check : undefined
}
