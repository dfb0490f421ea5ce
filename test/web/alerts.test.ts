import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Alert, AlertBody } from '../../api/schema/trackers.ts'
import { bodyOfDraft, draftOf } from '../../web/alerts/draft.ts'
import { conditionText, subjectText, targetsText } from '../../web/alerts/words.ts'
import { sentence } from '../../web/sentence.ts'

const bodies: AlertBody[] = [
  {
    name: 'incidents',
    subject: { kind: 'incident', exporter: null },
    intervals: 1,
    repeat: 'once',
    quietMinutes: 0,
    targets: [
      { mail: 'noc@example.net' },
      { webhook: 'https://example.net/hook' },
      { script: true },
    ],
    isOn: true,
  },
  {
    name: 'uplink',
    subject: { kind: 'tracker', tracker: 'abc', measure: 'bits', direction: 'in' },
    condition: { is: 'outside', low: 1e6, high: 2e8 },
    intervals: 3,
    repeat: 'each',
    quietMinutes: 30,
    targets: [],
    isOn: false,
  },
  {
    name: 'silence',
    subject: { kind: 'silent', exporter: '10.0.0.1', seconds: 900 },
    intervals: 1,
    repeat: 'once',
    quietMinutes: 0,
    targets: [],
    isOn: true,
  },
  {
    name: 'loss',
    subject: { kind: 'loss', exporter: null },
    condition: { is: 'unusual', sigma: 2.67, observations: 6 },
    intervals: 6,
    repeat: 'once',
    quietMinutes: 0,
    targets: [],
    isOn: true,
  },
]

test('an alert opened in its form and saved is unchanged', () => {
  for (const body of bodies)
    assert.deepEqual(bodyOfDraft(draftOf(body as Alert), body.isOn!), body, body.name)
})

test('a field with a fault is named', () => {
  const [, uplink, silence] = bodies.map((body) => draftOf(body as Alert))
  const faults = [
    [{ ...uplink!, value: 'lots' }, '"lots" is not a figure for the value'],
    [{ ...uplink!, high: '' }, '"" is not a figure for the second value'],
    [{ ...uplink!, tracker: '' }, 'no tracker is chosen'],
    [{ ...silence!, silentMinutes: 'soon' }, '"soon" is not a figure for the silent minutes'],
    [{ ...silence!, quietMinutes: '' }, '"" is not a figure for the quiet minutes'],
    [{ ...silence!, quietMinutes: '-1' }, '"-1" is not a figure for the quiet minutes'],
    [{ ...silence!, silentMinutes: '0.5' }, '"0.5" is not a figure for the silent minutes'],
    [{ ...uplink!, value: '-5' }, '"-5" is not a figure for the value'],
    [
      { ...uplink!, is: 'unusual', value: '3', observations: '2' },
      '"2" is not a figure for the last intervals',
    ],
    [{ ...silence!, targets: 'not@home noc' }, '"noc" is nothing to send an alert to'],
  ] as const
  for (const [draft, message] of faults)
    assert.throws(() => bodyOfDraft(draft, true), { message: sentence(message) })
  const odd = { ...silence!, silentMinutes: String(100 / 60) }
  assert.deepEqual(bodyOfDraft(odd, true).subject, { ...bodies[2]!.subject, seconds: 100 })
})

test('an alert in words', () => {
  const [incidents, uplink, silence, loss] = bodies
  const name = () => 'uplink of Brussels'
  assert.equal(subjectText(uplink!.subject, name), 'bits in of the tracker uplink of Brussels')
  assert.equal(subjectText(silence!.subject, name), '10.0.0.1 silent for 15 min')
  assert.equal(conditionText(uplink!), 'outside 1.00 Mb/s to 200.00 Mb/s, 3 intervals in a row')
  const full: AlertBody = {
    ...loss!,
    subject: { kind: 'disk' },
    condition: { is: 'below', value: 10 },
  }
  assert.equal(conditionText(full), 'below 10 %, 6 intervals in a row')
  assert.equal(conditionText(loss!), 'beyond 2.67 σ of the last 6, 6 intervals in a row')
  assert.equal(conditionText(incidents!), '')
  assert.equal(
    targetsText(incidents!.targets),
    'mail to noc@example.net, https://example.net/hook, the script in the settings',
  )
  assert.equal(targetsText(loss!.targets), 'sent to nobody')
})
