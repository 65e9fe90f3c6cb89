/** What the first run and Settings ask in the same words: the machine's names, and which API. */

export interface MachineDraft {
  readonly machineName: string
  readonly aliases: string
}
export interface ApiDraft {
  readonly isJoining: boolean
  readonly apiUrl: string
}

/** One a line, without blanks around, empty ones and repeats. */
export const fromLines = (text: string): string[] =>
  [...new Set(text.split('\n').map((line) => line.trim()))].filter((line) => line !== '')
export const toLines = (list: readonly string[]): string => list.join('\n')

export function MachineFields({
  draft,
  set,
}: {
  draft: MachineDraft
  set: (part: Partial<MachineDraft>) => void
}) {
  return (
    <>
      <label className="field">
        Name, as in MACHINE/session
        <input
          required
          maxLength={200}
          value={draft.machineName}
          onChange={(event) => set({ machineName: event.target.value })}
        />
      </label>
      <label className="field">
        Other names of this machine, one a line
        <textarea rows={2} value={draft.aliases} onChange={(event) => set({ aliases: event.target.value })} />
      </label>
    </>
  )
}

export function ApiFields({ draft, set }: { draft: ApiDraft; set: (part: Partial<ApiDraft>) => void }) {
  return (
    <>
      <fieldset>
        <legend className="hidden">Which coordination API</legend>
        <label className="check">
          <input
            type="radio"
            name="api"
            checked={!draft.isJoining}
            onChange={() => set({ isJoining: false })}
          />
          Serve coordination on this workstation
        </label>
        <label className="check">
          <input
            type="radio"
            name="api"
            checked={draft.isJoining}
            onChange={() => set({ isJoining: true })}
          />
          Join the team&apos;s API
        </label>
      </fieldset>
      {draft.isJoining && (
        <label className="field">
          Its address, without /api/coord
          <input
            type="url"
            required
            maxLength={2000}
            pattern="https?://.+"
            title="An address that begins with http:// or https://"
            placeholder="http://coord.example:8001"
            value={draft.apiUrl}
            onChange={(event) => set({ apiUrl: event.target.value })}
          />
        </label>
      )}
    </>
  )
}
