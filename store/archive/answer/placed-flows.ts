/** Flows with what they are added up by. */

/** Flows as columns: key, direction, exporter, times and counts. */
export interface PlacedFlows {
  count: number
  /** By flow: index of the key in the requested list; one more for all others. Null if all have the first. */
  place: Int32Array | null
  /** By flow: index in restDirections. Null if all have the first. */
  direction: Int32Array | null
  /** By flow: its row in the columns below; null if that is the flow's own number. */
  rows: Int32Array | null
  /** The address halves as two words each, low word first. */
  exporterHigh: Uint32Array
  exporterLow: Uint32Array
  /** Whether all flows are known to have the same exporter. */
  isOneExporter: boolean
  /** unix ms */
  first: Float64Array
  last: Float64Array
  bytes: Float64Array
  packets: Float64Array
}

/** Whether all flows have the same exporter, key and direction. */
export function isOfOneGroup({ place, direction, isOneExporter }: PlacedFlows): boolean {
  return place === null && direction === null && isOneExporter
}
