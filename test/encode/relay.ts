/** A network that loses, delays and duplicates datagrams, by a seed, for tests. */

export interface RelayOptions {
  /** Shares of the datagrams, 0 to 1. */
  loss: number
  reordering: number
  duplicates: number
  /** By how many places a datagram may be late. */
  reorderWithin: number
}

/**
 * The datagrams that arrive, in order of arrival. The first and the last always arrive, the first
 * in its place.
 */
export function relay<T>(
  sent: readonly T[],
  random: () => number,
  { loss, reordering, duplicates, reorderWithin }: RelayOptions,
): { arrived: T[]; lost: T[]; doubled: number } {
  const lost: T[] = []
  const placed: { at: number; datagram: T }[] = []
  let doubled = 0
  sent.forEach((datagram, i) => {
    const isEnd = i === 0 || i === sent.length - 1
    if (!isEnd && random() < loss) {
      lost.push(datagram)
      return
    }
    const late = !isEnd && random() < reordering ? 1 + Math.floor(random() * reorderWithin) : 0
    placed.push({ at: i + late + 0.5 * Math.sign(late), datagram })
    if (random() >= duplicates) return
    doubled++
    placed.push({ at: i + late + 0.6 + Math.floor(random() * reorderWithin), datagram })
  })
  const arrived = placed.sort((a, b) => a.at - b.at).map(({ datagram }) => datagram)
  return { arrived, lost, doubled }
}
