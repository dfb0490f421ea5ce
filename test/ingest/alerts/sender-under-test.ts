/** A sender of alerts for tests, and what it kept. */
import { pino } from 'pino'

import { AlertSender } from '../../../ingest/alerts/sender.ts'
import type { AlertEvent } from '../../../store/alert.ts'
import { readSettings } from '../../settings.ts'

/** With short pauses: another try after 1 ms, then one after each of `later`. */
export function senderUnderTest(
  environment: Record<string, string>,
  later: number[],
): { sender: AlertSender; kept: AlertEvent[] } {
  const kept: AlertEvent[] = []
  const sender = new AlertSender({
    settings: readSettings(environment).alerts,
    pageUrl: '',
    zone: 'UTC',
    log: pino({ level: 'silent' }),
    keep: async (event) => void kept.push(event),
    pausesMs: { first: [0, 1], later },
  })
  return { sender, kept }
}
