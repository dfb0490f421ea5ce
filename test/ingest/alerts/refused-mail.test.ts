/** What a mail server refuses: for good (5yz), or for now (4yz). */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { openSinks } from '../../sinks.ts'
import { until } from '../../until.ts'
import { senderUnderTest } from './sender-under-test.ts'

test('mail that is refused for good is not tried again, mail refused for now is', async (t) => {
  const sinks = await openSinks(t)
  const settings = { WEIR_MAIL_SERVER: sinks.mailServer, WEIR_MAIL_FROM: 'weir@example.org' }
  const { sender, kept } = senderUnderTest(settings, [50, 50])
  const found = { say: async () => 'cut', evidence: '', from: 0, to: 0, path: '/' }
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
