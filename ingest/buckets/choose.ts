/**
 * Which keys of a large table are worth being made text: an interval may hold a hundred thousand
 * hosts of which a thousand are kept.
 */

/** The keys of a table, as they are ranked; the arrays are side by side. */
export interface Candidates {
  count: number
  /** Bytes of each key, whatever its direction. */
  bytes: Float64Array
  /** Whether its host is local: 1 or 0. Local hosts are kept first. */
  isLocal: Uint8Array
  /** The order of two keys of equal bytes, so that a tie falls the same way whatever came first. */
  compare: (a: number, b: number) => number
}

/** Whether each key is kept, 1 or 0: local hosts first, then by bytes, ties by `compare`. */
export function keptKeys(candidates: Candidates, top: number): Uint8Array {
  const { count, isLocal } = candidates
  if (count <= top) return new Uint8Array(count).fill(1)
  const kept = new Uint8Array(count)
  const members = (local: number) => indices(count, (i) => isLocal[i] === local)
  const [locals, others] = [members(1), members(0)]
  keepMost(candidates, locals, { top, kept })
  keepMost(candidates, others, { top: Math.max(0, top - locals.length), kept })
  return kept
}

/** Marks the `top` of the members with most bytes: all above the least that is kept, then of its equals. */
function keepMost(
  { bytes, compare }: Candidates,
  members: Uint32Array,
  { top, kept }: { top: number; kept: Uint8Array },
): void {
  if (members.length <= top) {
    for (const i of members) kept[i] = 1
    return
  }
  if (top === 0) return
  const sorted = Float64Array.from(members, (i) => bytes[i]!).sort()
  const least = sorted[sorted.length - top]!
  let left = top
  const equals: number[] = []
  for (const i of members) {
    if (bytes[i] === least) equals.push(i)
    if (bytes[i]! <= least) continue
    kept[i] = 1
    left--
  }
  for (const i of firstOf(equals, left, compare)) kept[i] = 1
}

/** The first `count` by the order. A scan makes a million hosts of equal bytes: they are not all sorted. */
function firstOf(
  members: readonly number[],
  count: number,
  compare: Candidates['compare'],
): number[] {
  const first = members.slice(0, count).sort(compare)
  for (let i = count; i < members.length; i++) {
    const member = members[i]!
    if (compare(member, first[count - 1]!) >= 0) continue
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(member, first[middle]!) < 0) high = middle
      else low = middle + 1
    }
    first.pop()
    first.splice(low, 0, member)
  }
  return first
}

function indices(count: number, isMember: (i: number) => boolean): Uint32Array {
  const members = new Uint32Array(count)
  let length = 0
  for (let i = 0; i < count; i++) if (isMember(i)) members[length++] = i
  return members.subarray(0, length)
}
