/** Console requests to ingest: changes of user data, trackers, live data. */
import type { OpenState } from '../../store/state/state.ts'
import type { AlertEngine } from '../alerts/engine.ts'
import { answerAlertTest } from '../alerts/open.ts'
import type { Collector } from '../collector.ts'
import { answerLive, type LiveRing } from '../live/ring.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Receiver } from '../receive/receiver.ts'
import { answerState } from './state-socket.ts'
import type { SocketRoute } from '../status/servers.ts'
import type { TrackerKeeper } from '../trackers/keeper.ts'

/** Tracker changes within this time are applied together. */
const takeUpMs = 500
/** The longest that flows wait to be counted, so that the last second can be shown. */
const drainMs = 1000
/** How often due alerts are checked. */
const alertsMs = 5000

interface ConsoleParts {
  data: string
  state: OpenState
  trackers: TrackerKeeper
  live: LiveRing
  pipeline: Pipeline
  collector: Collector
  receiver: Receiver
  alerts: AlertEngine
}

/** Serves the console until closed; the routes are for ingest's socket. */
export function openConsole(parts: ConsoleParts): {
  routes: readonly SocketRoute[]
  close(): void
} {
  const { data, state, live, pipeline, receiver, alerts } = parts
  takeUpTrackers(parts)
  const timers = [
    setInterval(() => pipeline.drain(), drainMs).unref(),
    // An exporter whose datagrams wait to be counted is not silent.
    setInterval(() => void alerts.tick(receiver.takenUntilMs()), alertsMs).unref(),
  ]
  return {
    routes: [
      (request, response) => answerState(request, response, { data, state }),
      (request, response) => answerLive(request, response, live),
      (request, response) => answerAlertTest(request, response, { engine: alerts, state }),
    ],
    close: () => {
      for (const timer of timers) clearInterval(timer)
    },
  }
}

/** Applies tracker changes within a second, several at once. */
function takeUpTrackers({ state, trackers, collector }: ConsoleParts): void {
  let timer: NodeJS.Timeout | null = null
  state.onChange(({ collection }) => {
    if (collection !== 'trackers') return
    trackers.changed()
    timer ??= setTimeout(() => {
      timer = null
      void collector.tick()
    }, takeUpMs).unref()
  })
}
