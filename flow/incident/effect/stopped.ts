/** Whether bytes stopped in a run, such as a silence. */
import { mean } from '../scene/rates.ts'
import type { Run } from '../scene/runs.ts'

/** Rates beside a silence are measured over this long. */
export const besideSeconds = 120
/** Bytes in the second half of a silence, as a share of those beside it. */
const bytesRatio = 0.1

/** Whether bytes stopped in a run, judged by its second half: records from before reach into the first. */
export function isStopped(bytes: Float64Array, span: Run, ratio = bytesRatio): boolean {
  const before = mean(bytes, span.from - besideSeconds, span.from)
  const after = mean(bytes, span.to, span.to + besideSeconds)
  const half = Math.floor((span.from + span.to) / 2)
  return mean(bytes, half, span.to - 1) <= ratio * Math.min(before, after)
}
