/** User data for an API without state of its own: in ClickHouse, shared with other APIs. */
import type { Settings } from '../../flow/settings/settings.ts'
import { openSharedState } from '../../store/open.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import { moveToClickHouse } from '../../store/state/move.ts'
import type { StateChange } from '../../store/state/state.ts'
import { ApiError } from '../errors.ts'
import { openApiState, type ApiState } from './state.ts'

interface OpenedState {
  state: ApiState
  /** Whatever must be done before the first user is created. @throws StoreFault if it failed */
  prepare(): Promise<void>
  close(): Promise<void>
}

/** The state store that the settings name. */
export async function openStateOf(
  settings: Settings,
  now: () => number = Date.now,
): Promise<OpenedState> {
  const { data, clickhouse } = settings
  const shared = await openSharedState(settings, now)
  if (!shared)
    return {
      state: openApiState(data, now),
      prepare: async () => undefined,
      close: async () => undefined,
    }
  const { state, logs } = shared
  return {
    state: {
      list: (collection, maxAge) => state.list(collection, maxAge),
      get: (collection, id, maxAge) => state.get(collection, id, maxAge),
      change: (change: StateChange) => kept(state.change(change)),
      log: (name, entry) => kept(logs.append(name, entry)),
      readLog: (name, limit) => logs.read(name, limit),
    },
    // Users of this data folder from before it joined a cluster may still log in.
    async prepare() {
      await moveToClickHouse(data, { state, database: clickhouse.database })
    },
    close: () => shared.close(),
  }
}

/** @throws ApiError 503 if it could not be stored, or the outcome is unknown */
async function kept<Made>(work: Promise<Made>): Promise<Made> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error
    throw new ApiError(503, 'not-kept', {
      message: `the change could not be saved: ${error.message}`,
      remedy: error.remedy,
    })
  }
}
