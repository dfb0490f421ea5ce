/** Which stored measurement answers a split, and the whole that a cut list adds up to. */
import { restDirections, seriesKeys } from '../../store/flows.ts'
import { badQuery } from '../errors.ts'
import type { MeasurementName, TagName } from '../../store/measurement.ts'

/**
 * The words by which series are split: those of flows, plus trackers and counters, which only
 * totals have.
 */
export const splitWords = [...seriesKeys, 'tracker', 'counter'] as const
export type SplitWord = (typeof splitWords)[number]

/** How a series query maps to the stored measurements. */
export interface Split {
  /** The words of the keys, as asked; `protocol` stands before `port`. */
  by: readonly SplitWord[]
  /** The words by which keys are ranked and cut: without direction. */
  ranked: readonly SplitWord[]
  /** Directions that keys are split into; empty where direction is not asked for. */
  directions: readonly string[]
  /** The measurement that answers; null if only the archive can. */
  measurement: MeasurementName | null
}

/**
 * Sets of words (without direction and exporter, which every measurement has) and the measurement
 * for them.
 */
const served: [readonly SplitWord[], MeasurementName][] = [
  [[], 'total'],
  [['host'], 'host'],
  [['protocol', 'port'], 'port'],
  [['protocol'], 'protocol'],
  [['interface'], 'interface'],
  [['host', 'protocol', 'port'], 'host_port'],
  [['host', 'protocol'], 'host_port'],
  [['tracker'], 'tracker'],
  [['counter'], 'counter'],
]

/** Measurements whose direction is as seen from the host or interface: in or out. */
const twoSided = new Set<MeasurementName>(['host', 'host_port', 'interface', 'counter'])

/** The directions that rows of a measurement can have. */
function directionsOf(measurement: MeasurementName): readonly string[] {
  return twoSided.has(measurement) ? restDirections.slice(0, 2) : restDirections
}

function directionsOfFlows(words: readonly SplitWord[]): readonly string[] {
  const isTwoSided = words.includes('host') || words.includes('interface')
  return isTwoSided ? restDirections.slice(0, 2) : restDirections
}

/** How a list of words splits the traffic. Repeated words count once. */
export function splitBy(words: readonly SplitWord[]): Split {
  const once = [...new Set(words)]
  const by = once.includes('port')
    ? once.filter((word) => word !== 'protocol').flatMap(withProtocol)
    : once
  const ranked = by.filter((word) => word !== 'direction')
  const own: readonly SplitWord[] = ranked.filter((word) => word !== 'exporter')
  const measurement =
    served.find(
      ([set]) => set.length === own.length && set.every((word) => own.includes(word)),
    )?.[1] ?? null
  const directions = measurement === null ? directionsOfFlows(own) : directionsOf(measurement)
  return { by, ranked, directions: by.includes('direction') ? directions : [], measurement }
}

function withProtocol(word: SplitWord): SplitWord[] {
  return word === 'port' ? ['protocol', 'port'] : [word]
}

/**
 * The rows that a list of keys is a part of: the rest of a cut list is the whole less the listed
 * keys. Σ host(in) = Σ host(out) = Σ port = Σ protocol = Σ total holds at every tier, so `total`,
 * which has a handful of rows a step, is the whole of all of them except interfaces and their
 * counters.
 */
export interface Whole {
  measurement: MeasurementName
  by: readonly TagName[]
  keys: readonly Partial<Record<TagName, string>>[]
  /** For each key, the parts of the rest that include it, and how many times. */
  adds: readonly { rest: number; times: number }[][]
}

/** The whole of a split: the rest has one part per direction if split by direction, else one. */
export function wholeOf(split: Split): Whole {
  const { measurement, directions } = split
  const isSplit = directions.length > 0
  const keys = isSplit ? directions.map((direction) => ({ direction })) : [{}]
  const each = keys.map((_, rest) => [{ rest, times: 1 }])
  const by = isSplit ? (['direction'] as const) : []
  if (measurement === 'interface' || measurement === 'counter')
    return { measurement, by, keys, adds: each }
  if (measurement !== 'host' && measurement !== 'host_port')
    return { measurement: 'total', by, keys, adds: each }
  const bothEnds = isSplit
    ? [
        { rest: 0, times: 1 },
        { rest: 1, times: 1 },
      ]
    : [{ rest: 0, times: 2 }]
  return { measurement: 'total', by: [], keys: [{}], adds: [bothEnds] }
}

/**
 * Whether a query is about the interfaces' own counters, which are stored as totals only.
 * @throws ApiError if it asks for something that counters do not have
 */
export function isOfCounters(
  { by, measurement }: Split,
  { filter, measure }: { filter: unknown; measure: string },
): boolean {
  if (!by.includes('counter')) return false
  if (measurement === 'counter' && filter === undefined && countedMeasures.has(measure)) return true
  throw badQuery(
    'counter-alone',
    'interface counters have only bits and packets, by interface and direction, and cannot be filtered',
    'use by=counter or by=counter,direction with measure=bits or packets; for anything else use by=interface',
  )
}

const countedMeasures: ReadonlySet<string> = new Set(['bits', 'packets'])
