/** What a mail server refuses: for good (5yz), or for now (4yz). */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { pino } from 'pino'

import { readSettings } from '../../../flow/settings.ts'
import { AlertSender } from '../../../ingest/alerts/sender.ts'
import type { AlertEvent } from '../../../store/alert.ts'
import { openSinks } from '../../sinks.ts'
import { until } from '../../until.ts'

test('mail that is refused for good is not tried again, mail refused for now is', async (t) => {
  const sinks = await openSinks(t)
  const { alerts } = readSettings({
    WEIR_MAIL_SERVER: sinks.mailServer,
    WEIR_MAIL_FROM: 'weir@example.org',
  })
  const kept: AlertEvent[] = []
  const sender = new AlertSender({
    settings: alerts,
    pageUrl: '',
    log: pino({ level: 'silent' }),
    keep: async (event) => void kept.push(event),
    pausesMs: { first: [0, 1], later: [50, 50] },
  })
  const found = { text: 'cut', evidence: '', from: 0, to: 0, path: '/' }
  const send = async () => {
    const alert = { name: 'x', targets: [{ mail: 'nobody@example.org' }], author: 'anna', subject: { kind: 'disk' } } as const // prettier-ignore
    const toSend = { id: 'x', alert: { ...alert, targets: [...alert.targets] }, found }
    const { sent } = await sender.send({ ...toSend, isTest: false }, 1000)
    return String(sent[0]!.error)
  }
  sinks.answerRecipients('550 5.1.1 no such user')
  const refused = await send()
  assert.match(refused, /550 5\.1\.1 no such user/)
  assert.doesNotMatch(refused, /tried again/)
  assert.equal(sinks.recipients.length, 1)

  sinks.answerRecipients('450 4.2.0 greylisted')
  assert.match(await send(), /450 .*tried again/)
  sinks.answerRecipients('250 ok')
  await until(() => kept.length === 3)
  assert.equal(kept.at(-1)!.sent[0]!.error, null)
  assert.equal(sinks.mails.length, 1)
})
