/** HTTP that sends nothing until it is told where to: the embedded API may be starting, elsewhere, or kept out by another program. */
import type { Http } from '../core/ports.ts'
import { createHttp } from './http.ts'
import type { ProofWanted } from './prove-socket.ts'

export interface GatedHttp extends Http {
  /** From here on calls go to `url`; null: to nobody, because of `why`. */
  aim(url: string | null, why: string): void
  /** Where calls go now; null: to nobody. */
  url(): string | null
}

/** `proof`: wanted of whatever it is aimed at, where nobody configured the address. */
export function createGatedHttp(baseUrl: string, proof: ProofWanted | null = null): GatedHttp {
  let target: Http | null = null
  let reason = 'The API is being started.'
  const retired: Promise<void>[] = []
  return {
    baseUrl,
    request: (call) =>
      target === null ? Promise.resolve({ kind: 'unreachable', detail: reason }) : target.request(call),
    url: () => target?.baseUrl ?? null,
    async close() {
      await target?.close()
      await Promise.all(retired)
    },
    aim(url, why) {
      reason = why
      if (target?.baseUrl === url) return
      if (target) retired.push(target.close())
      target = url === null ? null : createHttp({ baseUrl: url, proof })
    },
  }
}
