/** What an empty, loading or faulty place says: what is so, and what to do. */
import type { ReactNode } from 'react'
import css from './Empty.module.css'

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <p className={css.title}>{title}</p>
      {children}
    </div>
  )
}
