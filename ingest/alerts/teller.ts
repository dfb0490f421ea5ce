/** Tells alerts to their targets, so many at once, and keeps what was told. */
import type { Logger } from 'pino'

import type { AlertSettings } from '../../flow/console-specs.ts'
import type { AlertEvent, KeptAlert } from '../../store/alert.ts'
import { deliver, targetText, type Told } from './deliver.ts'
import type { Occurrence } from './observe.ts'

/** Alerts being told at once; of more the newest are refused, and counted. */
const tellingMax = 50

export interface TellerParts {
  settings: AlertSettings
  /** Where the page is, without a slash at its end. */
  pageUrl: string
  log: Logger
  /** Keeps what was told. */
  keep: (event: AlertEvent) => Promise<void>
}

/** What of which alert is to be told. */
export interface Telling {
  id: string
  alert: KeptAlert
  found: Omit<Occurrence, 'key'>
  isTest: boolean
}

export class AlertTeller {
  /** Alerts not told because too many were being told. */
  refused = 0
  readonly #parts: TellerParts
  #telling = 0

  constructor(parts: TellerParts) {
    this.#parts = parts
  }

  /** Tells all targets of an alert and gives what came of it; never fails. */
  async tell({ id, alert, found, isTest }: Telling, nowMs: number): Promise<AlertEvent> {
    const { settings, pageUrl, keep, log } = this.#parts
    const told: Told = {
      at: nowMs / 1000,
      alert: id,
      name: alert.name,
      isTest,
      text: found.text,
      evidence: found.evidence,
      permalink: `${pageUrl}${found.path}`,
      from: found.from / 1000,
      to: found.to / 1000,
    }
    if (this.#telling >= tellingMax) {
      this.refused++
      log.error({ told }, 'an alert was not told: too many are being told')
      return { ...told, sent: [] }
    }
    this.#telling++
    try {
      const sent = await Promise.all(
        alert.targets.map(async (target) => ({
          target: targetText(target),
          error: await deliver(target, told, settings),
        })),
      )
      for (const { target, error } of sent)
        if (error !== null) log.error({ target, error }, 'an alert could not be told')
      const event = { ...told, sent }
      await keep(event).catch((error: unknown) => log.error({ error }, 'an alert was not kept'))
      return event
    } finally {
      this.#telling--
    }
  }
}
