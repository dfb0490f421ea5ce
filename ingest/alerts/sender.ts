/** Sends alerts to their targets, with limited concurrency, and records the results. */
import type { Logger } from 'pino'

import type { AlertSettings } from '../../flow/settings/console-specs.ts'
import type { AlertEvent, AlertTarget, KeptAlert } from '../../store/alert.ts'
import { deliver, targetText, type AlertMessage } from './deliver.ts'
import type { Occurrence } from './observe.ts'

/** Alerts being sent at once; beyond that, new ones are refused and logged. */
const sendingMax = 50
/**
 * Pauses before each attempt, ms: until the result is recorded, and then, because a cut that is
 * reported may keep the report too.
 */
const usualPausesMs = { first: [0, 2000, 15_000], later: [60_000, 300_000, 900_000, 1_800_000] }
/** Targets that are tried later at once; beyond that, an alert that did not arrive is given up. */
const laterMax = 200

interface AlertSenderParts {
  settings: AlertSettings
  /** The page's URL, without trailing slash. */
  pageUrl: string
  /** The time zone of the times in texts. */
  zone: string
  log: Logger
  /** Records what was sent. */
  keep: (event: AlertEvent) => Promise<void>
  /** For tests. */
  pausesMs?: typeof usualPausesMs
}

/** Which alert to send, and its content. */
interface AlertToSend {
  id: string
  alert: KeptAlert
  found: Omit<Occurrence, 'key'>
  isTest: boolean
}

export class AlertSender {
  readonly #parts: AlertSenderParts
  #sending = 0
  #later = 0

  constructor(parts: AlertSenderParts) {
    this.#parts = parts
  }

  /**
   * Sends an alert to all its targets and returns the results; never fails. A test is tried once; else what
   * did not arrive is tried again for almost an hour, as long as the process runs, and recorded once it arrives.
   */
  async send({ id, alert, found, isTest }: AlertToSend, nowMs: number): Promise<AlertEvent> {
    const { pageUrl, zone, log } = this.#parts
    const message: AlertMessage = {
      at: nowMs / 1000,
      alert: id,
      name: alert.name,
      isTest,
      text: await found.say(),
      evidence: [found.evidence, `Times are in ${zone}.`].filter(Boolean).join('\n'),
      permalink: `${pageUrl}${found.path}`,
      from: found.from / 1000,
      to: found.to / 1000,
    }
    if (this.#sending >= sendingMax) {
      log.error({ refused: message }, 'an alert was not sent: too many are being sent')
      return { ...message, sent: [] }
    }
    this.#sending++
    try {
      const sent = await Promise.all(
        alert.targets.map(async (target) => ({
          target: targetText(target),
          error: await this.#try(target, message),
        })),
      )
      const event = { ...message, sent }
      await this.#keep(event)
      return event
    } finally {
      this.#sending--
    }
  }

  /** Returns why an alert did not arrive, or null. */
  async #try(target: AlertTarget, message: AlertMessage): Promise<string | null> {
    const { settings, log, pausesMs = usualPausesMs } = this.#parts
    // Somebody waits for the result of a test, and tries again themselves.
    const attempts = message.isTest ? [0] : pausesMs.first
    const failure = await deliver(target, message, { settings, pausesMs: attempts })
    if (failure === null) return null
    const { reason, isForGood } = failure
    log.error({ target: targetText(target), error: reason }, 'an alert could not be sent')
    if (isForGood || message.isTest || this.#later >= laterMax) return reason
    void this.#tryLater(target, message)
    return `${reason}; it is tried again for almost an hour`
  }

  async #tryLater(target: AlertTarget, message: AlertMessage): Promise<void> {
    const { settings, log, pausesMs = usualPausesMs } = this.#parts
    this.#later++
    const failure = await deliver(target, message, { settings, pausesMs: pausesMs.later })
    this.#later--
    const sent = [{ target: targetText(target), error: failure?.reason ?? null }]
    if (failure)
      log.error({ target: sent[0]!.target, error: failure.reason }, 'an alert was given up')
    await this.#keep({ ...message, at: Date.now() / 1000, sent })
  }

  async #keep(event: AlertEvent): Promise<void> {
    const { keep, log } = this.#parts
    await keep(event).catch((error: unknown) => log.error({ error }, 'an alert was not kept'))
  }
}
