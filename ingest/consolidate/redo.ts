/** The list of steps to make again, stored on disk. */
import { intervalStart, type Tier } from '../../flow/interval.ts'
import { Manifest } from '../../store/manifest/manifest.ts'

/** A step on the list; `file` is its name in the manifest that stores the list. */
interface RedoEntry {
  file: string
  tier: string
  time: number
}

export interface RedoStep {
  tier: Tier
  time: number
}

/** How far each tier has expired, stored with the list. */
const expiredName = 'expired'

/** Steps by tier, durable: a step survives crashes until it is removed. */
export class RedoList {
  readonly #tiers: readonly Tier[]
  readonly #manifest: Manifest<RedoEntry>
  readonly #names = new Set<string>()

  private constructor(tiers: readonly Tier[], manifest: Manifest<RedoEntry>) {
    this.#tiers = tiers
    this.#manifest = manifest
    for (const { file } of manifest.entries()) this.#names.add(file)
  }

  /** Opens the list in the file at `path`, for tiers coarser than 5 minutes. */
  static async open(path: string, tiers: readonly Tier[]): Promise<RedoList> {
    return new RedoList(tiers, await Manifest.open<RedoEntry>(path))
  }

  /** Adds the steps that contain these 5-minute intervals. Durable when it resolves. */
  add(intervals: readonly number[]): Promise<void> {
    return this.addSteps(
      this.#tiers.flatMap((tier) =>
        intervals.map((interval) => ({ tier, time: intervalStart(interval, tier.stepMs) })),
      ),
    )
  }

  /** Adds steps. Durable when it resolves. */
  async addSteps(steps: readonly RedoStep[]): Promise<void> {
    const add = new Map<string, RedoEntry>()
    for (const { tier, time } of steps) {
      const file = nameOf({ tier, time })
      if (!this.#names.has(file)) add.set(file, { file, tier: tier.name, time })
    }
    if (add.size === 0) return
    await this.#manifest.commit({ add: [...add.values()] })
    for (const file of add.keys()) this.#names.add(file)
  }

  async remove(steps: readonly RedoStep[]): Promise<void> {
    const remove = steps.map(nameOf).filter((name) => this.#names.has(name))
    if (remove.length === 0) return
    await this.#manifest.commit({ remove })
    for (const file of remove) this.#names.delete(file)
  }

  /** The steps on the list, without those of tiers no longer set. */
  steps(): RedoStep[] {
    const byName = new Map(this.#tiers.map((tier) => [tier.name, tier]))
    return this.#manifest.entries().flatMap(({ tier: name, time }) => {
      const tier = byName.get(name)
      return tier ? [{ tier, time }] : []
    })
  }

  /** Everything before has expired, unix ms by tier name. */
  expired(): Readonly<Record<string, number>> {
    return this.#manifest.value<Record<string, number>>(expiredName) ?? {}
  }

  async setExpired(expired: Record<string, number>): Promise<void> {
    await this.#manifest.commit({ set: { [expiredName]: expired } })
  }

  close(): Promise<void> {
    return this.#manifest.close()
  }
}

/** The name of a step. */
export function nameOf({ tier, time }: RedoStep): string {
  return `${tier.name} ${time}`
}
