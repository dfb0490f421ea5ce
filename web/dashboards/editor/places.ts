/** Places of panels on the grid: moving, resizing, making way, and finding the first free place. */
import type { Panel } from '../../../api/schema/state.ts'
import { dashboardLimits } from '../../../flow/dashboard-limits.ts'

export type Place = Panel['place']

const { columns: columnsMax, rows: rowsMax, rowLast } = dashboardLimits

/** A place moved (or resized) by some columns and rows, kept on the grid. */
export function movedPlace(
  place: Place,
  by: { columns: number; rows: number },
  isSize: boolean,
): Place {
  const within = (value: number, least: number, most: number) =>
    Math.min(most, Math.max(least, value))
  if (isSize)
    return {
      ...place,
      columns: within(place.columns + by.columns, 1, columnsMax - place.column),
      rows: within(place.rows + by.rows, 1, rowsMax),
    }
  return {
    ...place,
    column: within(place.column + by.columns, 0, columnsMax - place.columns),
    row: within(place.row + by.rows, 0, rowLast),
  }
}

/** The places after one of them changed: panels it covers move down, and so on. */
export function settled(places: readonly Place[], changed: number): Place[] {
  const made = [...places]
  const order = places.map((_, index) => index).filter((index) => index !== changed)
  order.sort((a, b) => places[a]!.row - places[b]!.row || places[a]!.column - places[b]!.column)
  const standing = [places[changed]!]
  for (const index of order) {
    let place = places[index]!
    for (let hit = under(place, standing); hit && place.row < rowLast; hit = under(place, standing))
      place = { ...place, row: Math.min(rowLast, hit.row + hit.rows) }
    standing.push(place)
    made[index] = place
  }
  return made
}

/** The first place, from the top and the left, with enough free space. */
export function freePlace(
  places: readonly Place[],
  { columns, rows }: Pick<Place, 'columns' | 'rows'>,
): Place {
  for (let row = 0; row < rowLast; row++)
    for (let column = 0; column <= columnsMax - columns; column++) {
      const place = { column, row, columns, rows }
      if (!under(place, places)) return place
    }
  return { column: 0, row: rowLast, columns, rows }
}

/** In reading order: from the top, then from the left. */
export function inOrder(panels: readonly Panel[]): Panel[] {
  return panels.toSorted((a, b) => a.place.row - b.place.row || a.place.column - b.place.column)
}

/** A place that this one overlaps, or null. */
function under(place: Place, others: readonly Place[]): Place | null {
  const meets = (other: Place) =>
    place.column < other.column + other.columns &&
    other.column < place.column + place.columns &&
    place.row < other.row + other.rows &&
    other.row < place.row + place.rows
  return others.find(meets) ?? null
}
