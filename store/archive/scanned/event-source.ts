/** Where the flows of an event's surroundings are read without SQL: by the threads of a scanner, or in this one. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import { createEventFlows, type EventFlows } from '../../../flow/incident/flow-table.ts'
import { eventRows, putEvents, type EventWindow } from './event-rows.ts'
import { GroupReader } from './files.ts'
import { groupsWithin, type FilesToScan, type GroupToScan } from './scanner.ts'

export interface EventSource {
  /** The row groups of files that may have flows of a window; null where not all of them can be read so. */
  groups(files: FilesToScan, window: EventWindow): Promise<GroupToScan[] | null>
  /**
   * Hands over their flows, some at a time, in columns that may be used again for the next.
   * @throws what keeps a file from being read, and what `take` throws
   */
  events(
    groups: readonly GroupToScan[],
    window: EventWindow,
    take: (flows: EventFlows) => void,
  ): Promise<void>
}

/** Flows that are handed over at once. */
const rowsAtOnce = 4096

/** Reads in the thread that asks, for one that does nothing else: a row group is all that it holds. */
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
        // Only so is it heard that this is to be given up.
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
