/** Reads the flows around an event without SQL: in a scanner's threads, or in this one. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import { createEventFlows, type EventFlows } from '../../../flow/incident/flows/flow-table.ts'
import { eventRows, putEvents, type EventWindow } from './event-rows.ts'
import { GroupReader } from './group-reader.ts'
import { groupsWithin, type FilesToScan, type GroupToScan } from './scanner.ts'

export interface EventSource {
  /** The row groups of files that may have flows in a window; null if they cannot all be read this way. */
  groups(files: FilesToScan, window: EventWindow): Promise<GroupToScan[] | null>
  /**
   * Passes their flows to `take` in batches, in columns that may be reused for the next.
   * @throws the error that prevents reading a file, and what `take` throws
   */
  events(
    groups: readonly GroupToScan[],
    window: EventWindow,
    take: (flows: EventFlows) => void,
  ): Promise<void>
}

/** Flows per batch. */
const rowsAtOnce = 4096

/** Reads in the calling thread, for one without other work: only one row group is in memory at a time. */
export class EventsHere implements EventSource {
  readonly #reader = new GroupReader()
  #room: EventFlows | null = null

  groups({ inside, edge }: FilesToScan, window: EventWindow): Promise<GroupToScan[] | null> {
    const found: GroupToScan[] = []
    for (const [i, path] of [...inside, ...edge].entries()) {
      const groups = this.#reader.groupsOf(path)
      if (groups === null) return Promise.resolve(null)
      found.push(...groupsWithin(groups, { path, isInside: i < inside.length }, window))
    }
    return Promise.resolve(found)
  }

  async events(
    groups: readonly GroupToScan[],
    window: EventWindow,
    take: (flows: EventFlows) => void,
  ): Promise<void> {
    const into = (this.#room ??= createEventFlows(rowsAtOnce))
    try {
      for (const { path, group } of groups) {
        // Lets a request to abandon arrive.
        await nextTurn()
        this.#reader.read(path, group, (read) => {
          const rows = eventRows(read, window)
          for (let begin = 0; begin < rows.length; begin += rowsAtOnce) {
            const end = Math.min(rows.length, begin + rowsAtOnce)
            putEvents(read, rows, { begin, end, into })
            take(into)
          }
        })
      }
    } finally {
      this.#reader.free()
    }
  }
}
