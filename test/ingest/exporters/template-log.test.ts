import assert from 'node:assert/strict'
import { test } from 'node:test'

import { pino } from 'pino'

import type { TemplateChange } from '../../../ingest/decode/sets.ts'
import { TemplateLog } from '../../../ingest/exporters/template-log.ts'
import { encodeIpfix, field, type EncodedField } from '../../encode/sets.ts'
import { decodeAll, from } from '../decode/decoded.ts'

/**
 * The log for these versions of template 256, announced one after the other, this many ms apart.
 */
function said(announced: readonly (readonly EncodedField[])[], apartMs: number) {
  const lines: Record<string, unknown>[] = []
  const log = pino({}, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) })
  const templateLog = new TemplateLog(log)
  const onTemplateChange = (change: TemplateChange) => templateLog.take(change)
  const datagrams = announced.map((fields, i) => {
    const receivedMs = from.receivedMs + i * apartMs
    const sets = [{ templates: [{ id: 256, fields }] }]
    return {
      payload: encodeIpfix({ observationDomain: 5, exportMs: receivedMs, sets }),
      receivedMs,
    }
  })
  const { problems } = decodeAll(datagrams, { onTemplateChange })
  return { lines, problems }
}

const first = [field(8, 4), field(12, 4), field(1, 4)]
const swapped = [field(12, 4), field(8, 4), field(1, 4)]
const wider = [field(8, 4), field(12, 4), field(1, 8), field(33, 65_535, 5951)]

test('a change is logged once, with the fields added and removed', () => {
  const { lines, problems } = said([first, first, wider, wider], 60_000)
  assert.equal(lines.length, 1)
  const [{ exporter, observationDomain, templateId, gone, come } = {}] = lines
  assert.deepEqual([exporter, observationDomain, templateId], [from.source, 5, 256])
  assert.deepEqual(gone, ['octetDeltaCount (1), 4 bytes'])
  assert.deepEqual(come, ['octetDeltaCount (1), 8 bytes', 'unknown (5951/33), variable'])
  assert.deepEqual(problems, { 'template-changed': 1 })
})

test('reordered fields are logged in their new order: a spoofed template may swap two', () => {
  const [line = {}] = said([first, swapped], 1000).lines
  assert.deepEqual((line['reordered'] as string[])[0], 'destinationIPv4Address (12), 4 bytes')
})

test('a template that changes back and forth is counted each time, and logged once an hour', () => {
  const { lines, problems } = said(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? first : wider)), 60_000) // prettier-ignore
  assert.equal(problems['template-changed'], 99)
  assert.equal(lines.length, 2)
})
