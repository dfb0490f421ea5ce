/** The `read` query of the series store, sent to InfluxDB. */
import { fieldNames, figureNames, otherKey, tagSeparator, type FieldName } from '../measurement.ts'
import { Numbering } from '../numbering.ts'
import type { ReadQuery, SeriesRead } from '../series.ts'
import {
  byTimeAndExporter,
  cutTag,
  emptyRead,
  figuresOf,
  isConsolidated,
  isNothing,
  keyText,
  takeKnown,
} from '../shape.ts'
import { readCoverage } from './answers.ts'
import { pointTags } from './lines.ts'
import { storedRows, type InfluxSource, type StoredRow } from './rows.ts'

/** With more keys than this, the rows of all keys are fetched. */
const keysInQueryMax = 200

/** See SeriesStore.read. */
export async function readRows(source: InfluxSource, query: ReadQuery): Promise<SeriesRead> {
  if (isNothing(query)) return emptyRead(0)
  const fields = query.fields ?? fieldNames
  const isCoarse = isConsolidated(query.tier)
  const [rows, covered] = await Promise.all([
    liveRows(source, query, fields),
    isCoarse || query.sumsOnly === true ? null : readCoverage(source, query),
  ])
  const folded = fold(rows, query, { fields, isCoarse })
  if (covered) takeKnown(folded, fields, covered)
  return folded
}

/** The stored rows for an answer, without retired ones. */
async function liveRows(
  source: InfluxSource,
  query: ReadQuery,
  fields: readonly FieldName[],
): Promise<StoredRow[]> {
  const isCoarse = isConsolidated(query.tier)
  const where = wherein(query)
  const { tier, from, to, exporters, measurement } = query
  const common = { tier, from, to, exporters, measurement, ...(where ? { where } : {}) }
  const rows = await storedRows(source, { ...common, fields: figureNames(isCoarse, fields) })
  const tagNames = pointTags(query.measurement)
  const isUnclear = ({ figures }: StoredRow) => figures.every((figure) => figure === 0)
  if (!rows.some(isUnclear)) return rows
  const unclear = rows.filter(isUnclear)
  // A row of zeros was retired, unless one of its other fields is not zero.
  const whole = await storedRows(source, {
    ...common,
    fields: fieldNames,
    from: unclear.reduce((least, { time }) => Math.min(least, time), to),
    to: unclear.reduce((most, { time }) => Math.max(most, time), from) + tier.stepMs,
  })
  const nameOf = ({ time, tags }: StoredRow) =>
    `${time} ${tagNames.map((tag) => tags[tag]).join(tagSeparator)}`
  const live = new Set(whole.filter((row) => !isUnclear(row)).map(nameOf))
  return rows.filter((row) => !isUnclear(row) || live.has(nameOf(row)))
}

/** The conditions on rows if only the listed keys are asked for. */
function wherein({ by, keys, rest }: ReadQuery): Record<string, string>[] | null {
  const cut = cutTag(by)
  if (rest !== false || keys.length > keysInQueryMax || (by.length === 0 && !cut)) return null
  const listed = keys.map((key) => Object.fromEntries(by.map((tag) => [tag, key[tag] ?? ''])))
  if (cut) listed.push({ [cut]: otherKey })
  return listed.length === 0 ? null : listed
}

interface Folded {
  time: number
  exporter: string
  place: number
  parts: number
  figures: Float64Array
}

function fold(
  rows: readonly StoredRow[],
  query: ReadQuery,
  { fields, isCoarse }: { fields: readonly FieldName[]; isCoarse: boolean },
): SeriesRead {
  const { by, keys } = query
  const cut = cutTag(by)
  const places = new Map(keys.map((key, place) => [keyText(key, by), place]))
  const placeOf = new Map<StoredRow['tags'], number>()
  const place = (tags: StoredRow['tags']) => {
    let found = placeOf.get(tags)
    if (found !== undefined) return found
    const isOther = cut !== null && tags[cut] === otherKey
    found = isOther ? keys.length + 1 : (places.get(keyText(tags, by)) ?? keys.length)
    placeOf.set(tags, found)
    return found
  }
  const folds = new Map<string, Folded>()
  const knownAt = figureNames(isCoarse, fields).indexOf('known')
  for (const { time, tags, figures } of rows) {
    const exporter = tags['exporter']!
    const at = place(tags)
    const id = `${time} ${at} ${exporter}`
    const held = folds.get(id)
    if (!held) {
      folds.set(id, { time, exporter, place: at, parts: 1, figures: figures.slice() })
      continue
    }
    held.parts++
    for (let i = 0; i < figures.length; i++)
      held.figures[i] =
        i === knownAt ? Math.max(held.figures[i]!, figures[i]!) : held.figures[i]! + figures[i]!
  }
  const sorted = [...folds.values()].sort((a, b) => byTimeAndExporter(a, b) || a.place - b.place)
  return laid(sorted, fields, isCoarse)
}

function laid(
  rows: readonly Folded[],
  fields: readonly FieldName[],
  isCoarse: boolean,
): SeriesRead {
  const read = emptyRead(rows.length)
  const exporters = new Numbering<string>()
  const columns = figuresOf(read, isCoarse, fields)
  for (const [row, { time, exporter, place, parts, figures }] of rows.entries()) {
    read.time[row] = time
    read.exporter[row] = exporters.of(exporter)
    read.key[row] = place
    read.parts[row] = parts
    for (const [i, column] of columns.entries()) column[row] = figures[i]!
  }
  read.exporters = exporters.keys()
  return read
}
