/** Text that a person began to write, kept until it is sent or thrown away: over views, reloads and lost engines. */
import { useState } from 'react'

const KEY = 'coord-draft:'

function read(name: string): string {
  try {
    return sessionStorage.getItem(KEY + name) ?? ''
  } catch {
    return ''
  }
}

function write(name: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(KEY + name)
    else sessionStorage.setItem(KEY + name, text)
  } catch {
    // Without a storage the draft lives as long as the page.
  }
}

/** A draft by its name, and how to change it; an empty text ends it. */
export function useDraft(name: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState({ name, text: read(name) })
  const text = draft.name === name ? draft.text : read(name)
  return [
    text,
    (next) => {
      write(name, next)
      setDraft({ name, text: next })
    },
  ]
}
