/** Those who want to be told of something. */
export interface Listeners<T> {
  /** The returned function ends it. The same function may be added twice and is then told twice. */
  readonly add: (listener: (value: T) => void) => () => void
  /** Tells each in the order of adding; one that throws is reported and keeps nobody else from being told. */
  readonly tell: (value: T) => void
}

/** `onFault` is given what a listener threw: a bug of that listener. */
export function createListeners<T>(onFault: (cause: unknown) => void): Listeners<T> {
  const entries = new Set<{ readonly listener: (value: T) => void }>()
  return {
    add(listener) {
      const entry = { listener }
      entries.add(entry)
      return () => void entries.delete(entry)
    },
    tell(value) {
      for (const { listener } of entries) {
        try {
          listener(value)
        } catch (cause) {
          onFault(cause)
        }
      }
    },
  }
}
