/** Sends alerts to their targets, with limited concurrency, and records the results. */
import type { Logger } from 'pino'

import type { AlertSettings } from '../../flow/console-specs.ts'
import type { AlertEvent, KeptAlert } from '../../store/alert.ts'
import { deliver, targetText, type AlertMessage } from './deliver.ts'
import type { Occurrence } from './observe.ts'

/** Alerts being sent at once; beyond that, new ones are refused and counted. */
const sendingMax = 50

export interface AlertSenderParts {
  settings: AlertSettings
  /** The page's URL, without trailing slash. */
  pageUrl: string
  log: Logger
  /** Records what was sent. */
  keep: (event: AlertEvent) => Promise<void>
}

/** Which alert to send, and its content. */
export interface AlertToSend {
  id: string
  alert: KeptAlert
  found: Omit<Occurrence, 'key'>
  isTest: boolean
}

export class AlertSender {
  /** Alerts refused because too many were being sent. */
  refused = 0
  readonly #parts: AlertSenderParts
  #sending = 0

  constructor(parts: AlertSenderParts) {
    this.#parts = parts
  }

  /** Sends an alert to all its targets and returns the results; never fails. */
  async send({ id, alert, found, isTest }: AlertToSend, nowMs: number): Promise<AlertEvent> {
    const { settings, pageUrl, keep, log } = this.#parts
    const message: AlertMessage = {
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
    if (this.#sending >= sendingMax) {
      this.refused++
      log.error({ refused: message }, 'an alert was not sent: too many are being sent')
      return { ...message, sent: [] }
    }
    this.#sending++
    try {
      const sent = await Promise.all(
        alert.targets.map(async (target) => ({
          target: targetText(target),
          error: await deliver(target, message, settings),
        })),
      )
      for (const { target, error } of sent)
        if (error !== null) log.error({ target, error }, 'an alert could not be sent')
      const event = { ...message, sent }
      await keep(event).catch((error: unknown) => log.error({ error }, 'an alert was not kept'))
      return event
    } finally {
      this.#sending--
    }
  }
}
