/** What was sent for each alert, as recorded in the state, so that nothing is sent twice after a restart. */
import type { AlertStanding } from '../../store/alert.ts'
import type { StateReading, StateWriting } from '../../store/state/state.ts'

/** With the revision at which it was read, which a change must name. */
export type Standing = AlertStanding & { revision: number }

export class Standings {
  readonly #state: StateReading & StateWriting
  #all = new Map<string, Standing>()

  constructor(state: StateReading & StateWriting) {
    this.#state = state
  }

  /** Reads all of them again, at the start of each round: another process may have sent alerts. */
  async read(): Promise<void> {
    const kept = await this.#state.list<AlertStanding>('alert-standings')
    this.#all = new Map(
      kept.map(({ id, revision, body: { told, incidents, lastMs } }) => [
        id,
        { revision, told: { ...told }, incidents, lastMs },
      ]),
    )
  }

  /** Of an alert for which nothing was sent, an empty one. */
  of(id: string): Standing {
    return this.#all.get(id) ?? { revision: 0, told: {}, incidents: [], lastMs: null }
  }

  /** @throws StateRefused if another collector was faster: nothing is sent twice */
  async keep(id: string, standing: Standing): Promise<void> {
    const { revision, ...body } = standing
    const change = { collection: 'alert-standings', id, revision, body } as const
    standing.revision = (await this.#state.change(change))!.revision
  }
}
