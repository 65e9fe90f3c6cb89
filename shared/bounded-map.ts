/** A map of at most `limit` entries: the newest stand last, and one too many drops the oldest. */
export class BoundedMap<K, V> extends Map<K, V> {
  private readonly limit: number

  constructor(limit: number) {
    super()
    this.limit = limit
  }

  /** Puts the entry last, also where the key was there. */
  override set(key: K, value: V): this {
    this.delete(key)
    super.set(key, value)
    if (this.size > this.limit)
      for (const oldest of this.keys()) {
        this.delete(oldest)
        break
      }
    return this
  }
}
