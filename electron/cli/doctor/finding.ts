/** One thing that doctor looked at. */
export interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
  /** What to do; null where nothing is to be done. */
  readonly fix: string | null
}
export interface Group {
  readonly title: string
  readonly findings: readonly Finding[]
}

export const well = (check: string, detail: string): Finding => ({ check, ok: true, detail, fix: null })
export const bad = (check: string, detail: string, fix: string | null): Finding => ({
  check,
  ok: false,
  detail,
  fix,
})
