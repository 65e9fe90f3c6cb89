/** The window's buttons and links that look like them. Where an act cannot reach the engine, they say so instead. */
import {
  useLayoutEffect,
  useRef,
  type AnchorHTMLAttributes,
  type ButtonHTMLAttributes,
  type ReactNode,
} from 'react'
import { useCanAct } from '../data/window.ts'
import css from './Button.module.css'
import { NO_ANSWER } from '../words.ts'
import { focusOnFrom } from './focus.ts'

type Look = 'plain' | 'primary' | 'quiet' | 'danger'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look
  /** The key that does the same in this row or view: shown, and told to a screen reader. */
  readonly hint?: string
  /** It changes nothing but the window, so it works without an engine. */
  readonly isLocal?: boolean
  readonly children: ReactNode
}

const classOf = (look: Look, extra = ''): string => `${css.button} ${css[look]} ${extra}`

export function Button({ look = 'plain', hint, isLocal = false, children, ...rest }: ButtonProps) {
  const canAct = useCanAct() || isLocal
  const ref = useRef<HTMLButtonElement>(null)
  // A layout effect: its end runs while the button is still in the page.
  useLayoutEffect(() => {
    const node = ref.current
    return () => {
      if (node !== null && node === document.activeElement) focusOnFrom(node)
    }
  }, [])
  return (
    <button
      type="button"
      {...rest}
      ref={ref}
      className={classOf(look, rest.className)}
      aria-keyshortcuts={hint}
      {...(canAct
        ? {}
        : {
            'aria-disabled': true,
            title: NO_ANSWER,
            onClick: (event) => {
              event.preventDefault()
              // It does not open the row that it stands in, either.
              event.stopPropagation()
            },
          })}
    >
      {children}
      {hint && <kbd aria-hidden="true">{hint}</kbd>}
    </button>
  )
}

export function ButtonLink({
  look = 'plain',
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { readonly look?: Look }) {
  return <a {...rest} className={classOf(look, rest.className)} />
}
