/**
 * Moves the times of flow datagrams: the export time of the header, to which uptimes refer, and the
 * absolute times of v9 and IPFIX records. Those in lists within a record (RFC 6313) are left.
 */
import type { DatagramVersion } from '../ingest/decode/datagram.ts'
import { elementOf, reversedElementOf } from '../ingest/decode/elements.ts'
import { ipfixHeaderBytes, v9HeaderBytes } from '../ingest/decode/sets.ts'
import { variableLength } from '../ingest/decode/templates/template.ts'

/** The offset of the export time (unix seconds) in each version's header. */
const exportSecondsOffset: Partial<Record<DatagramVersion, number>> = {
  v1: 8,
  v5: 8,
  v6: 8,
  v7: 8,
  v9: 8,
  ipfix: 4,
}

/** Units per second of an absolute time, or null for a field that is none. */
type TimeUnits = number | null

interface FieldLayout {
  length: number
  units: TimeUnits
}

interface Bytes {
  view: DataView
  at: number
  end: number
}

/** Sets below are templates: of v9 0 and 1, of IPFIX 2 and 3. */
const dataSetIdMin = 256
const optionsSetIds: ReadonlySet<number> = new Set([1, 3])
/** More than any capture has; beyond, records keep their times. */
const layoutsMax = 65_536
/** NTP's seconds since 1900 are above this from 1968 on; the upper word of a plain count is below. */
const ntpSecondsMin = 2 ** 31
/** Numbers below are uptimes: no time in unix ms is so small, and no uptime so long. */
const unixMsMin = 2n ** 40n

const unitsByKind: Readonly<Record<string, number | undefined>> = {
  seconds: 1,
  milliseconds: 1000,
  uptime: 1000,
  microseconds: 1_000_000,
  nanoseconds: 1_000_000_000,
}

function unitsOf(enterprise: number, id: number): TimeUnits {
  const action = (elementOf(enterprise, id) ?? reversedElementOf(enterprise, id))?.action
  if (!action) return null
  if (action.kind === 'scratch') return action.scratch === 'systemInitTimeMs' ? 1000 : null
  return unitsByKind[action.kind] ?? null
}

export class MovedTimes {
  /** Fields by exporter, observation domain and template. */
  readonly #layouts = new Map<string, FieldLayout[]>()

  /** A copy of a datagram with its times moved by whole seconds. */
  move(
    payload: Uint8Array,
    version: DatagramVersion,
    { exporter, bySeconds }: { exporter: string; bySeconds: number },
  ): Uint8Array {
    const copy = payload.slice()
    const view = new DataView(copy.buffer)
    const offset = exportSecondsOffset[version]
    if (offset === undefined) return copy
    view.setUint32(offset, view.getUint32(offset) + bySeconds)
    if (version !== 'v9' && version !== 'ipfix') return copy
    const at = version === 'v9' ? v9HeaderBytes : ipfixHeaderBytes
    const stream = `${exporter} ${version} ${view.getUint32(at - 4)}`
    this.#moveSets({ view, at, end: view.byteLength }, stream, bySeconds)
    return copy
  }

  #moveSets({ view, at, end }: Bytes, stream: string, bySeconds: number): void {
    while (at + 4 <= end) {
      const id = view.getUint16(at)
      const length = view.getUint16(at + 2)
      if (length < 4 || at + length > end) return
      const set = { view, at: at + 4, end: at + length }
      if (id < dataSetIdMin) this.#learn(set, stream, id)
      else moveRecords(set, this.#layouts.get(`${stream} ${id}`) ?? [], bySeconds)
      at += length
    }
  }

  /** Notes the templates of a set. */
  #learn({ view, at, end }: Bytes, stream: string, setId: number): void {
    const isOptions = optionsSetIds.has(setId)
    while (at + (isOptions ? 6 : 4) <= end) {
      const id = view.getUint16(at)
      let count = view.getUint16(at + 2)
      // Options templates of v9 give the bytes of their two parts, those of IPFIX the fields.
      if (setId === 1) count = Math.floor(count / 4) + Math.floor(view.getUint16(at + 4) / 4)
      const layout: FieldLayout[] = []
      at += isOptions && count > 0 ? 6 : 4
      for (; layout.length < count && at + 4 <= end; at += 4) {
        const isEnterprise = setId > 1 && view.getUint8(at) >= 0x80 && at + 8 <= end
        const element = isEnterprise ? view.getUint16(at) & 0x7fff : view.getUint16(at)
        const units = unitsOf(isEnterprise ? view.getUint32(at + 4) : 0, element)
        layout.push({ length: view.getUint16(at + 2), units })
        if (isEnterprise) at += 4
      }
      const key = `${stream} ${id}`
      if (this.#layouts.size < layoutsMax || this.#layouts.has(key)) this.#layouts.set(key, layout)
    }
  }
}

function moveRecords({ view, at, end }: Bytes, layout: readonly FieldLayout[], by: number): void {
  if (!layout.some(({ units }) => units !== null)) return
  // Records without bytes would have no end.
  for (let start = -1; at > start;) {
    start = at
    for (const field of layout) {
      let { length } = field
      if (length === variableLength) {
        const isLong = at < end && view.getUint8(at) === 255
        if (at + (isLong ? 3 : 1) > end) return
        length = isLong ? view.getUint16(at + 1) : view.getUint8(at)
        at += isLong ? 3 : 1
      }
      if (at + length > end) return
      moveTime(view, at, field, by)
      at += length
    }
  }
}

/** Adds seconds to an absolute time; a time of 0 is none. No exporter sends other lengths of them. */
function moveTime(view: DataView, at: number, { length, units }: FieldLayout, by: number): void {
  if (units === 1 && length === 4 && view.getUint32(at) !== 0)
    view.setUint32(at, view.getUint32(at) + by)
  if (units === null || length !== 8) return
  const value = view.getBigUint64(at)
  if (value === 0n || (units === 1000 && value < unixMsMin)) return
  const isNtp = units > 1000 && view.getUint32(at) >= ntpSecondsMin
  if (isNtp) view.setUint32(at, view.getUint32(at) + by)
  else view.setBigUint64(at, value + BigInt(units * by))
}
