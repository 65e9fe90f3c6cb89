/** What foreign writers append to the queue file of a torture round, and the names of all calls that they were given. */
import { below, makeCall, type Dice } from './calls.ts'
import { PLAIN_WRITERS, startWriter } from './writers.ts'

export class Feed {
  readonly names = new Set<string>()
  private readonly writers
  private readonly workflows: readonly string[]
  private readonly roll: Dice

  /** `workflows`: the IDs of those that work items may belong to. */
  constructor(queue: string, workflows: readonly string[], roll: Dice) {
    this.writers = PLAIN_WRITERS.map((name) => startWriter(name, queue))
    this.workflows = workflows
    this.roll = roll
  }

  /** Has the writers append up to so many calls in all, in small portions, all of them at once. */
  upTo(count: number): void {
    while (this.names.size < count) {
      const writer = this.writers[below(this.roll, this.writers.length)]
      if (!writer) continue
      const lines: string[] = []
      for (let i = 1 + below(this.roll, 12); i > 0 && this.names.size < count; i--) {
        const made = makeCall(writer.name, this.names.size, this.workflows, this.roll)
        this.names.add(made.name)
        lines.push(made.line)
      }
      writer.write(lines)
      if (this.roll() < 0.1) writer.reopen()
    }
  }

  /** Resolves when all of it stands in the file. */
  async end(): Promise<void> {
    await Promise.all(this.writers.map((w) => w.end()))
  }
}
