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
      const key = `${stream} ${view.getUint16(at)}`
      let count = view.getUint16(at + 2)
      // Options templates of v9 give the bytes of their two parts, those of IPFIX the fields.
      if (setId === 1) count = Math.floor(count / 4) + Math.floor(view.getUint16(at + 4) / 4)
      at += isOptions && count > 0 ? 6 : 4
      const { layout, after } = readLayout({ view, at, end }, { setId, count })
      if (this.#layouts.size < layoutsMax || this.#layouts.has(key)) this.#layouts.set(key, layout)
      at = after
    }
  }
}

/** Up to `count` fields of a template, and where they end. Only IPFIX has elements of enterprises. */
function readLayout(
  { view, at, end }: Bytes,
  { setId, count }: { setId: number; count: number },
): { layout: FieldLayout[]; after: number } {
  const layout: FieldLayout[] = []
  while (layout.length < count && at + 4 <= end) {
    const isEnterprise = setId > 1 && view.getUint8(at) >= 0x80 && at + 8 <= end
    const element = isEnterprise ? view.getUint16(at) & 0x7fff : view.getUint16(at)
    const units = unitsOf(isEnterprise ? view.getUint32(at + 4) : 0, element)
    layout.push({ length: view.getUint16(at + 2), units })
    at += isEnterprise ? 8 : 4
  }
  return { layout, after: at }
}

function moveRecords(records: Bytes, layout: readonly FieldLayout[], by: number): void {
  if (!layout.some(({ units }) => units !== null)) return
  let { at } = records
  for (;;) {
    const after = moveRecord({ ...records, at }, layout, by)
    // Records without bytes would have no end.
    if (after === null || after === at) return
    at = after
  }
}

/** Moves the times of one record; returns where it ends, or null if it is cut off. */
function moveRecord(
  { view, at, end }: Bytes,
  layout: readonly FieldLayout[],
  by: number,
): number | null {
  for (const field of layout) {
    const content = contentOf({ view, at, end }, field)
    if (content === null) return null
    moveTime(view, content.at, field, by)
    at = content.end
  }
  return at
}

/** Where the content of a field lies, behind its length if that varies (RFC 7011, 7); null if it is cut off. */
function contentOf(
  { view, at, end }: Bytes,
  { length }: FieldLayout,
): { at: number; end: number } | null {
  if (length !== variableLength) return at + length > end ? null : { at, end: at + length }
  const isLong = at < end && view.getUint8(at) === 255
  const from = at + (isLong ? 3 : 1)
  if (from > end) return null
  const to = from + (isLong ? view.getUint16(at + 1) : view.getUint8(at))
  return to > end ? null : { at: from, end: to }
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
