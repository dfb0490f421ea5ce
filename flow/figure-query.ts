/** What is asked for a single figure, on a dashboard. */

/**
 * The query of a figure. One of all directions is asked for as their sum: the greatest of the sum,
 * or its 95th percentile, is not that of any direction.
 */
export function figureQuery<Query extends { by?: string }>(
  query: Query,
  direction?: string,
): Query {
  const { by, ...others } = query
  if (by === undefined || direction !== undefined) return query
  const words = by.split(',').filter((word) => word !== 'direction')
  return (words.length === 0 ? others : { ...others, by: words.join(',') }) as Query
}
