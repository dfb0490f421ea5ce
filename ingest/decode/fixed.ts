/**
 * NetFlow v1, v5, v6 and v7: fixed layouts, written as templates of v9 elements, so that one
 * decoder reads them all. Source: Cisco, "NetFlow Export Datagram Format".
 */
import type { DatagramContext } from './context.ts'
import { fixedLayouts } from './datagram.ts'
import type { RecordDecoder } from './records.ts'
import { anySampler } from './exporters/sampling.ts'
import { Template, type CompiledTemplate } from './templates/template.ts'
import type { Field } from './templates/field.ts'

export type FixedVersion = keyof typeof fixedLayouts

type LayoutName = FixedVersion | 'v1short'

type Layout = readonly (readonly [id: number, length: number])[]

/** Bytes that are padding or not used. */
const skip = 0

/** Source, destination, next hop, interfaces, packets, octets, first, last, ports. */
const common: Layout = [
  [8, 4], [12, 4], [15, 4], [10, 2], [14, 2], [2, 4], [1, 4], [22, 4], [21, 4], [7, 2], [11, 2],
] // prettier-ignore

/** Flags, protocol, class of service, AS numbers and prefix lengths, from byte 37 in v5. */
const flagsToPrefixes: Layout = [
  [6, 1],
  [4, 1],
  [5, 1],
  [16, 2],
  [17, 2],
  [9, 1],
  [13, 1],
]

const layouts: Readonly<Record<LayoutName, Layout>> = {
  v1: [...common, [skip, 2], [4, 1], [5, 1], [6, 1], [skip, 11]],
  // v1 of softflowd, fprobe and others: four reserved bytes are missing.
  v1short: [...common, [skip, 2], [4, 1], [5, 1], [6, 1], [skip, 7]],
  v5: [...common, [skip, 1], ...flagsToPrefixes, [skip, 2]],
  // After the prefix lengths: encapsulations and the peer's next hop.
  v6: [...common, [skip, 1], ...flagsToPrefixes, [skip, 6]],
  // First valid-field flags; after the prefix lengths, more flags and the bypassed router.
  v7: [...common, [skip, 1], ...flagsToPrefixes, [skip, 6]],
}

/** The bits of v5's sampling field that are the interval; the upper two are the mode. */
const samplingIntervalMask = 0x3fff

/** Record length of v1 when Cisco's 52 bytes do not fit. */
const shortRecordBytes = 48

const nanosecondsMax = 999_999_999

/** Header fields other than times, which are set in the context. */
interface FixedHeader {
  count: number
  sequence: number
  domain: number
  samplingInterval: number
  /** Whether the header has a sampling mode. */
  isSampled: boolean
}

interface PreparedLayout {
  template: Template
  compiled: CompiledTemplate
}

export class FixedDecoder {
  readonly #records: RecordDecoder
  readonly #header: FixedHeader = {
    count: 0,
    sequence: 0,
    domain: 0,
    samplingInterval: 0,
    isSampled: false,
  }
  readonly #layouts: Readonly<Record<LayoutName, PreparedLayout>>

  constructor(records: RecordDecoder) {
    this.#records = records
    const prepare = (name: LayoutName): PreparedLayout => {
      const fields: Field[] = layouts[name].map(([id, length]) => ({ id, enterprise: 0, length }))
      const template = new Template(0, fields, { scopeCount: 0, isOptions: false, nowMs: 0 })
      return { template, compiled: records.compile(template) }
    }
    this.#layouts = {
      v1: prepare('v1'),
      v1short: prepare('v1short'),
      v5: prepare('v5'),
      v6: prepare('v6'),
      v7: prepare('v7'),
    }
  }

  /** Reads the header of a datagram whose length versionOf has checked, into a reused object. */
  readHeader(context: DatagramContext, version: FixedVersion): FixedHeader {
    const { view, offset } = context
    const header = this.#header
    const hasEngine = version === 'v5' || version === 'v6'
    header.count = view.getUint16(offset + 2)
    header.sequence = version === 'v1' ? 0 : view.getUint32(offset + 16)
    header.domain = hasEngine ? view.getUint16(offset + 20) : 0
    const sampling = version === 'v5' ? view.getUint16(offset + 22) : 0
    header.samplingInterval = sampling & samplingIntervalMask
    header.isSampled = sampling > samplingIntervalMask
    context.uptimeMs = view.getUint32(offset + 4)
    const nanoseconds = Math.min(view.getUint32(offset + 12), nanosecondsMax)
    context.exportMs = view.getUint32(offset + 8) * 1000 + Math.floor(nanoseconds / 1_000_000)
    return header
  }

  /** Decodes the records after the header; returns their number. */
  decode(context: DatagramContext, version: FixedVersion, count: number): number {
    const { exporter, end } = context
    context.offset += fixedLayouts[version].headerBytes
    const isShort = version === 'v1' && context.offset + count * shortRecordBytes === end
    const { template, compiled } = this.#layouts[isShort ? 'v1short' : version]
    const { recordBytes } = template
    const announced = context.offset + count * recordBytes
    if (count === 0) exporter.problem('count-mismatch')
    else if (announced > end) exporter.problem('datagram-short')
    else if (announced < end) exporter.problem('datagram-long')
    context.end = Math.min(announced, end)
    const records = this.#records.decode(context, template, compiled, context)
    exporter.records += records
    if (this.#header.samplingInterval > 0) exporter.unknownSamplers.remove(anySampler)
    else if (this.#header.isSampled) exporter.samplingRateUnknown(anySampler, context.flowRecords)
    return records
  }
}
