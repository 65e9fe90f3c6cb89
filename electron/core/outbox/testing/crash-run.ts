/** Runs the stories of the crash enumeration with a fault at each of their calls, and says what was not kept. */
import {
  Broken,
  CODES,
  NETWORK,
  Stage,
  type Fault,
  type Mutant,
  type Plan,
  type Scenario,
} from './crash-stage.ts'
import { lossText, type Loss } from '../../../testing/machine/disk.ts'

export interface Ran {
  readonly stage: Stage
  readonly broken: string | undefined
}
export interface RunOptions {
  readonly mutant?: Mutant
  readonly honoursKeys?: boolean
  /** The API says that it keeps our keys: intents go ahead of the calls. */
  readonly isAhead?: boolean
}

export async function runOnce(
  scenario: Scenario,
  plans: readonly Plan[],
  options: RunOptions = {},
): Promise<Ran> {
  const stage = new Stage(plans, { ...options, lanes: scenario.lanes ?? 1 })
  try {
    const expected = await scenario.run(stage)
    await stage.check(scenario, expected)
    return { stage, broken: undefined }
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return { stage, broken: error.message }
  }
}

export function planText(plan: Plan, calls: readonly string[]): string {
  const { fault, at, power } = plan
  const what = `call ${at} (${calls[at - 1] ?? '?'})`
  const words =
    fault.kind === 'fails'
      ? `${what} fails with ${fault.code}${fault.stays ? ', and so does what follows' : ''}`
      : fault.kind === 'network'
        ? `${what}: ${fault.how}`
        : `dies ${fault.when === 'torn' ? 'in the middle of' : fault.when} ${what}`
  return power ? `${words}; the power fails (${lossText(power)})` : words
}

/** The ways in which a power loss can come out, where `items` things were not synced. */
export function losses(items: number, seeds: number): Loss[] {
  if (items === 0) return [{ kind: 'all-lost' }]
  const all: Loss[] = [
    ...(['all-lost', 'all-kept', 'names-kept', 'bytes-kept', 'torn', 'zeros', 'hole'] as const).map(
      (kind) => ({ kind }),
    ),
  ]
  if (items > 1)
    for (let item = 0; item < items; item++) all.push({ kind: 'one-lost', item }, { kind: 'one-kept', item })
  if (items > 2) for (let seed = 1; seed <= seeds; seed++) all.push({ kind: 'some', seed })
  return all
}

const READS = /^(stat|fstat|list|read|openRead|readFile|realPath) /

/** Faults of one call, the process living on. */
export function faultsOf(call: string): Fault[] {
  if (call.startsWith('http')) return NETWORK.map((how) => ({ kind: 'network', how }))
  return CODES.flatMap((code) => [
    { kind: 'fails' as const, code, stays: false },
    ...(READS.test(call) ? [] : [{ kind: 'fails' as const, code, stays: true }]),
  ])
}

/** Deaths at one call. Dying before a call is dying after the one before it: only the first has both. */
export function deathsOf(call: string, n: number): Fault[] {
  return [
    ...(n === 1 ? [{ kind: 'dies' as const, when: 'before' as const }] : []),
    { kind: 'dies', when: 'after' },
    ...(/^(append|writeFile\.write) /.test(call) ? [{ kind: 'dies' as const, when: 'torn' as const }] : []),
  ]
}

export interface Found {
  points: number
  readonly broken: string[]
}

/** Every point of one scenario, or every `stride`-th of them from `offset` on, so that strides share the work. */
export async function enumerate(
  scenario: Scenario,
  found: Found,
  options: RunOptions & {
    readonly stride?: number
    readonly offset?: number
    readonly seeds?: number
    /** Stop at the first promise that was not kept. */
    readonly untilBroken?: boolean
    readonly only?: 'power'
    /** Begin at this share of the calls. */
    readonly from?: number
  } = {},
): Promise<void> {
  const stride = options.stride ?? 1
  let turn = options.offset ?? 0
  const isMine = (): boolean => turn++ % stride === 0
  const tryOne = async (
    plans: readonly Plan[],
    calls: readonly string[],
    more: RunOptions = {},
  ): Promise<Ran> => {
    found.points++
    const ran = await runOnce(scenario, plans, { ...options, ...more })
    if (ran.broken !== undefined)
      found.broken.push(
        `${scenario.name}: ${plans.map((p) => planText(p, calls)).join(' + ')}${more.honoursKeys === false ? ' (keys not honoured)' : ''}: ${ran.broken}`,
      )
    return ran
  }
  const isOver = (): boolean => options.untilBroken === true && found.broken.length > 0
  const clean = await tryOne([], [])
  const { calls, loose } = clean.stage
  const withPower = async (at: number, fault: Fault, ways: readonly Loss[]): Promise<void> => {
    for (const power of ways) if (!isOver() && isMine()) await tryOne([{ at, fault, power }], calls)
  }
  for (let n = 1 + Math.floor(calls.length * (options.from ?? 0)); n <= calls.length && !isOver(); n++) {
    const call = calls[n - 1] ?? ''
    for (const fault of deathsOf(call, n)) {
      if (options.only !== 'power' && isMine()) {
        await tryOne([{ at: n, fault }], calls)
        if (call.startsWith('http') && options.isAhead !== true)
          await tryOne([{ at: n, fault }], calls, { honoursKeys: false })
      }
      // a read changes nothing that power could take: dying after it is dying after the last write
      if (!READS.test(call)) await withPower(n, fault, losses(loose[n - 1] ?? 0, options.seeds ?? 0))
    }
    for (const fault of faultsOf(call)) {
      if (isOver()) return
      if (options.only !== 'power' && isMine()) {
        await tryOne([{ at: n, fault }], calls)
        if (fault.kind === 'network' && options.isAhead !== true)
          await tryOne([{ at: n, fault }], calls, { honoursKeys: false })
      }
      // the process lives on, and the power fails when it is done
      if (!READS.test(call) && fault.kind === 'fails') await withPower(n, fault, LATER)
    }
  }
}

const LATER: readonly Loss[] = [
  { kind: 'all-lost' },
  { kind: 'names-kept' },
  { kind: 'one-lost', item: 0 },
  { kind: 'one-kept', item: 0 },
  { kind: 'some', seed: 1 },
]
