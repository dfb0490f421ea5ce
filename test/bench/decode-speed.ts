/** Flow records per second of CPU time that the decoder turns from memory into columns. */
import { createFlowColumns, recycleFlowColumns } from '../../flow/columns.ts'
import { Decoder } from '../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../ingest/decode/limits.ts'
import type { PlacedDatagram } from '../../ingest/decode/datagram.ts'
import { encodeV5, testExportMs, testUptimeMs } from '../encode/fixed.ts'
import {
  encodeIpfix,
  encodeV9,
  field,
  type EncodedSet,
  type EncodedTemplate,
} from '../encode/sets.ts'
import type { Value } from '../encode/value.ts'

export type MeasuredVersion = 'v5' | 'v9' | 'ipfix'

/** Millions of flow records per second of CPU time. */
export interface DecodeSpeed {
  /** The best and the median round: the machine is shared. */
  best: number
  median: number
}

const datagrams = 1000
/** As Ethernet frames hold them: v5's own limit, 24 records of 56 bytes, 18 of 72. */
const recordsOf = { v5: 30, v9: 24, ipfix: 18 } as const
const sequenceAt = { v5: 16, v9: 12, ipfix: 8 } as const
const rowsMax = 8192

/** The fields of a typical router template: 56 bytes in v9, 72 in IPFIX. */
const templates: Record<'v9' | 'ipfix', EncodedTemplate> = {
  v9: {
    id: 256,
    fields: [[8, 4], [12, 4], [15, 4], [10, 4], [14, 4], [2, 4], [1, 4], [22, 4], [21, 4], [7, 2], [11, 2], [4, 1], [5, 1], [6, 1], [61, 1], [16, 4], [17, 4], [9, 1], [13, 1], [60, 1], [89, 1]].map(([id, length]) => field(id!, length!)),
  },
  ipfix: {
    id: 256,
    fields: [[8, 4], [12, 4], [15, 4], [10, 4], [14, 4], [2, 8], [1, 8], [152, 8], [153, 8], [7, 2], [11, 2], [4, 1], [5, 1], [6, 2], [61, 1], [136, 1], [16, 4], [17, 4], [9, 1], [13, 1]].map(([id, length]) => field(id!, length!)),
  },
} // prettier-ignore

let state = 1
/** A whole number below `below`, the same in every run. */
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}
const host = () => `10.${random(256)}.${random(256)}.${random(256)}`

function record(version: 'v9' | 'ipfix'): Value[] {
  const [longMs, agoMs] = [random(60_000), random(900)]
  const end = (version === 'v9' ? testUptimeMs : testExportMs) - agoMs
  const times = [end - longMs, end]
  const ends = [host(), host(), '10.0.0.254', 1, 2, 5, random(65_536), ...times, random(65_536), 443, 6, 0]
  return version === 'v9'
    ? [...ends, 27, 0, 65_001, 65_002, 24, 24, 4, 64]
    : [...ends, 27, 0, 3, 65_001, 65_002, 24, 24]
} // prettier-ignore

function encode(version: MeasuredVersion, index: number): Uint8Array {
  const records = Array.from({ length: recordsOf[version] })
  if (version === 'v5')
    return encodeV5(
      {},
      records.map(() => {
        const last = testUptimeMs - random(900)
        const first = last - random(60_000)
        return { source: host(), destination: host(), packets: 5, octets: random(65_536), sourcePort: random(65_536), destinationPort: 443, protocol: 6, first, last } // prettier-ignore
      }),
    )
  const template = templates[version]
  const sets: EncodedSet[] = [{ data: template, records: records.map(() => record(version)) }]
  if (index === 0) sets.unshift({ templates: [template] })
  return version === 'v9' ? encodeV9({ sets }) : encodeIpfix({ sets })
}

/** Datagrams as the receiving thread passes them on: in one buffer. */
function encodeAll(version: MeasuredVersion): PlacedDatagram[] {
  const encoded = Array.from({ length: datagrams }, (_, i) => encode(version, i))
  const buffer = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0))
  const view = new DataView(buffer.buffer)
  let offset = 0
  return encoded.map((payload) => {
    buffer.set(payload, offset)
    offset += payload.length
    return {
      view,
      offset: offset - payload.length,
      length: payload.length,
      source: '10.0.0.1',
      sourcePort: 4000,
      receivedMs: testExportMs + 1000,
    }
  })
}

/** Continues the sequence numbers of the round before. */
function renumber(
  version: MeasuredVersion,
  placed: readonly PlacedDatagram[],
  round: number,
): void {
  const each = version === 'v9' ? 1 : recordsOf[version]
  for (const [i, { view, offset }] of placed.entries())
    view.setUint32(offset + sequenceAt[version], (round * datagrams + i) * each)
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Decodes the same datagrams over and over, in sequence, with one decoder and all its rules. */
export function measureDecode(version: MeasuredVersion, rounds: number): DecodeSpeed {
  const placed = encodeAll(version)
  const flows = createFlowColumns(rowsMax + decoderRowsMax)
  const decoder = new Decoder(flows)
  const speeds: number[] = []
  for (let round = 0; round < rounds; round++) {
    renumber(version, placed, round)
    let rows = 0
    const started = cpuMs()
    for (const datagram of placed) {
      decoder.decodePlaced(datagram)
      if (flows.count < rowsMax) continue
      rows += flows.count
      recycleFlowColumns(flows)
    }
    rows += flows.count
    recycleFlowColumns(flows)
    speeds.push(rows / (cpuMs() - started) / 1000)
  }
  const [exporter] = decoder.exporters()
  if (exporter?.flows !== rounds * datagrams * recordsOf[version] || exporter.lost.flows !== 0)
    throw new Error(`${version}: not every record was decoded: ${JSON.stringify(exporter)}`)
  const sorted = speeds.slice(rounds / 4).toSorted((a, b) => b - a)
  return { best: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]! }
}
