/**
 * User data as seen by ingest: that of the data folder, of which it is the only writer, or that of
 * the cluster.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import type { Logger } from 'pino'

import type { Settings } from '../../flow/settings/settings.ts'
import { openSharedState, type SharedState } from '../../store/open.ts'
import { StateStore } from '../../store/state/files.ts'
import { appendLog, type StateLog } from '../../store/state/log.ts'
import { moveToClickHouse } from '../../store/state/move.ts'
import type { OpenState } from '../../store/state/state.ts'

/** How often to try opening the state: an API running alone locks it for each change. */
const openTriesMax = 50
const openWaitMs = 100
/** How soon ingest sees a tracker made at an API. */
const lookMs = 3000

export interface IngestState {
  state: OpenState
  /** Appends an entry to a log. */
  note: (log: StateLog, entry: object) => Promise<void>
  close(): Promise<void>
}

/** @throws Error if another process holds the data folder's state */
export async function openState(settings: Settings, log: Logger): Promise<IngestState> {
  const shared = await openSharedState(settings)
  if (shared) return followShared(shared, { settings, log })
  const { data } = settings
  for (let tries = 0; tries < openTriesMax; tries++) {
    const state = await StateStore.open(data)
    if (state)
      return {
        state,
        note: (name, entry) => appendLog(data, name, entry),
        close: () => state.close(),
      }
    await sleep(openWaitMs)
  }
  throw new Error(`${data}/state is being written by another process: stop it`)
}

/** Polls for changes by others; while ClickHouse is away, the last known state remains. */
function followShared(
  shared: SharedState,
  { settings, log }: { settings: Settings; log: Logger },
): IngestState {
  const { data, clickhouse } = settings
  const { state, logs } = shared
  let isMoved = false
  let looking: Promise<void> | null = null
  const look = async () => {
    try {
      if (!isMoved) {
        const moved = await moveToClickHouse(data, { state, database: clickhouse.database })
        isMoved = true
        if (moved) log.info(moved, 'documents of the data folder are in ClickHouse')
      }
      await state.look('trackers')
    } catch (error) {
      log.debug({ error }, 'what people made could not be asked for')
    } finally {
      looking = null
    }
  }
  looking = look()
  const timer = setInterval(() => void (looking ??= look()), lookMs).unref()
  return {
    state,
    note: (name, entry) => logs.append(name, entry),
    async close() {
      clearInterval(timer)
      // A look in progress is not waited for, because a node may hang: the next start looks again.
      await shared.close()
    },
  }
}
