/** Counts of points that a store took and did not take. */

/** Points sent and not sent, since the spool was created. */
export interface PointCounts {
  sent: number
  refusedByRetention: number
  refused: number
  quarantined: number
  dropped: number
}

export const noPoints: PointCounts = {
  sent: 0,
  refusedByRetention: 0,
  refused: 0,
  quarantined: 0,
  dropped: 0,
}

/** When the store last did not take points, by reason, unix ms. */
export type NotTakenMs = Partial<Record<'refusedByRetention' | 'refused' | 'quarantined', number>>

export interface Counted {
  points: PointCounts
  notTakenMs: NotTakenMs
}

/** Counts points that the store did not take. */
export function countNotTaken(
  { points, notTakenMs }: Counted,
  count: { reason: keyof NotTakenMs; points: number; nowMs: number },
): void {
  if (count.points === 0) return
  points[count.reason] += count.points
  notTakenMs[count.reason] = count.nowMs
}
