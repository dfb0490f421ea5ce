/** Streams of datagrams with each version's numbering, and the reception of them. */
import assert from 'node:assert/strict'

import { clearFlowColumns } from '../../../flow/columns.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import { encodeV5, testExportMs, testUptimeMs } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field, type EncodedSet } from '../../encode/sets.ts'
import { from, openDecoder } from './decoded.ts'

export interface Sent {
  payload: Uint8Array
  /** Flows (v5), datagrams (v9), data records (IPFIX). */
  units: number
  flows: number
  sentMs: number
}

/** An exporter's state when it sends. */
interface Exporter {
  /** Where the numbers start. */
  sequence: number
  uptimeMs: number
  exportMs: number
}

const start: Exporter = { sequence: 0, uptimeMs: testUptimeMs, exportMs: testExportMs }

const template = { id: 256, fields: [field(8, 4), field(1, 4), field(150, 4), field(151, 4)] }
const optionsTemplate = { id: 257, scopes: [field(10, 4)], fields: [field(41, 4)] }
const announce: EncodedSet = { templates: [template] }

export type Version = 'v5' | 'v9' | 'ipfix'

/** Datagrams of 1 to `flowsMax` flows, ten per second, with templates and options in between. */
export function send(
  version: Version,
  count: number,
  random: () => number,
  { flowsMax = 8, ...given }: Partial<Exporter> & { flowsMax?: number } = {},
) {
  const exporter = { ...start, ...given }
  const sent: Sent[] = []
  for (let i = 0; i < count; i++) {
    const flows = 1 + Math.floor(random() * flowsMax)
    const options = version === 'ipfix' && i % 10 === 5 ? 2 : 0
    const seconds = Math.floor(exporter.exportMs / 1000)
    const records = Array.from({ length: flows }, () => ['10.0.0.1', i, seconds, seconds])
    const sets: EncodedSet[] = [{ data: template, records }]
    if (i % 50 === 0) sets.unshift(announce)
    if (options > 0)
      sets.push({ optionsTemplates: [optionsTemplate] }, { data: optionsTemplate, records: [[1, 2], [3, 4]] }) // prettier-ignore
    const { sequence, exportMs, uptimeMs } = exporter
    const payload =
      version === 'v5'
        ? encodeV5({ sequence, exportMs, uptimeMs }, Array.from({ length: flows }, () => ({ octets: i, first: uptimeMs, last: uptimeMs }))) // prettier-ignore
        : version === 'v9'
          ? encodeV9({ sequence, exportMs, uptimeMs, sets })
          : encodeIpfix({ sequence, exportMs, sets })
    const units = version === 'v9' ? 1 : flows + options
    sent.push({ payload, units, flows, sentMs: exportMs })
    exporter.sequence = (sequence + units) % 2 ** 32
    exporter.uptimeMs = (uptimeMs + 100) % 2 ** 32
    exporter.exportMs += 100
  }
  return { sent, exporter }
}

/** A decoder's result, each datagram received 20 ms after it was sent. */
export function receive(arrived: readonly Sent[]) {
  const { decoder, flows, events } = openDecoder()
  for (const { payload, sentMs } of arrived) {
    decoder.decode({ ...from, payload, receivedMs: sentMs + 20 })
    if (flows.capacity - flows.count < decoderRowsMax) clearFlowColumns(flows)
  }
  const [status] = decoder.exporters()
  assert.ok(status)
  return { status, events }
}

/** The version's count over all of them. */
export const unitsOf = (datagrams: readonly Sent[]) =>
  datagrams.reduce((sum, { units }) => sum + units, 0)

export const versions: readonly Version[] = ['v5', 'v9', 'ipfix']
