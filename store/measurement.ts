/**
 * The one table of everything stored: measurements, their tags and fields. These are the names in
 * every store (InfluxDB measurements, Parquet file names); users' queries depend on them.
 */

export const measurements = {
  /** All traffic. */
  total: { tags: ['direction'] },
  /** Like a router's own interface counters. */
  interface: { tags: ['interface', 'direction'] },
  /** From the host's point of view: received is in, sent is out. Each flow counts for both hosts. */
  host: { tags: ['host', 'direction'] },
  /** The service port; `none` if the protocol has no ports, `ephemeral` if neither port is a service. */
  port: { tags: ['protocol', 'port', 'direction'] },
  protocol: { tags: ['protocol', 'direction'] },
  /** The services of each host. */
  host_port: { tags: ['host', 'protocol', 'port', 'direction'] },
  /** The interfaces' own counters (sFlow), by index; `interface` holds the sums of flows. */
  counter: { tags: ['counter', 'direction'] },
  /**
   * A saved filter, followed permanently: see store/tracker.ts. Never cut: their number is limited.
   */
  tracker: { tags: ['tracker', 'direction'] },
} as const satisfies Record<string, { tags: readonly TagName[] }>

export type MeasurementName = keyof typeof measurements
export type TagName =
  | 'direction'
  | 'interface'
  | 'host'
  | 'port'
  | 'protocol'
  | 'tracker'
  | 'counter'

export const measurementNames = Object.keys(measurements) as MeasurementName[]

/** The tags of a measurement, in the sort order of its rows. */
export function tagsOf(measurement: MeasurementName): readonly TagName[] {
  return measurements[measurement].tags
}

/** Separates the tags of a key written as one text; no stored text contains it. */
export const tagSeparator = '\u001F'

/** The key of the row for everything outside the top K. All its tags but direction are this word. */
export const otherKey = 'other'

/**
 * The fields. bytes and packets: scaled by sampling; flows: records whose first packet lies in the
 * step; active: flow-milliseconds.
 */
export const fieldNames = ['bytes', 'packets', 'flows', 'active'] as const
export type FieldName = (typeof fieldNames)[number]

/**
 * What consolidated tiers hold beside the sums, for each field F: F_max, the greatest 5-minute
 * value of the known intervals, and F_unknown, the part of the sum from intervals that are not
 * known (0 except for outages), so that AVERAGE is (F − F_unknown) ÷ (known × interval). `known`
 * counts the known 5-minute intervals in which the row's value is known.
 */
export const [maxSuffix, unknownSuffix] = ['_max', '_unknown'] as const

/** The names of a row's figures: sums, and in consolidated tiers maxima, unknown parts and `known`. */
export function figureNames(
  isCoarse: boolean,
  fields: readonly FieldName[] = fieldNames,
): string[] {
  if (!isCoarse) return [...fields]
  const suffixes = ['', maxSuffix, unknownSuffix]
  return [...suffixes.flatMap((suffix) => fields.map((field) => field + suffix)), 'known']
}

/** Why an interval is unknown for an exporter, as stored. */
export const unknownReasons = ['not-seen', 'not-listening', 'lost', 'exporter-restart'] as const
/** And in answers made from flows: those of the interval are not in the store yet, or cannot be read. */
export const leftOutReasons = ['not-sent', 'unreadable'] as const
export type LeftOutReason = (typeof leftOutReasons)[number]
export const answeredReasons = [...unknownReasons, ...leftOutReasons] as const
export type UnknownReason = (typeof answeredReasons)[number]
