/** What a panel is held by while a dashboard is arranged: dragged, or moved by the arrow keys. */
import type { Panel } from '../../api/schema-state.ts'

type Place = Panel['place']

const columnsMax = 12
const rowsMax = 24

/** A place moved by some columns and rows (or made larger), kept on the grid. */
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
    row: within(place.row + by.rows, 0, 99),
  }
}

const arrows: Record<string, { columns: number; rows: number }> = {
  ArrowLeft: { columns: -1, rows: 0 },
  ArrowRight: { columns: 1, rows: 0 },
  ArrowUp: { columns: 0, rows: -1 },
  ArrowDown: { columns: 0, rows: 1 },
}

export function Handle(props: {
  panel: Panel
  rowPixels: number
  move: (place: Place) => void
  write: () => void
  remove: () => void
}) {
  const { panel, rowPixels, move, write, remove } = props
  const { place } = panel
  const name = panel.title ?? panel.kind
  const drag = (isSize: boolean) => (event: PointerEvent) => {
    event.preventDefault()
    const grid = (event.currentTarget as Element).closest('.grid')!
    const columnPixels = grid.clientWidth / columnsMax
    const [x, y] = [event.clientX, event.clientY]
    const ended = new AbortController()
    const moved = (now: PointerEvent) => {
      const columns = Math.round((now.clientX - x) / columnPixels)
      const rows = Math.round((now.clientY - y) / rowPixels)
      move(movedPlace(place, { columns, rows }, isSize))
    }
    addEventListener('pointermove', moved, { signal: ended.signal })
    addEventListener('pointerup', () => ended.abort(), { signal: ended.signal })
  }
  const keys = (isSize: boolean) => (event: KeyboardEvent) => {
    const by = arrows[event.key]
    if (!by) return
    event.preventDefault()
    move(movedPlace(place, by, isSize))
  }
  return (
    <div class="handle">
      <button
        type="button"
        aria-label={`Move ${name}: drag, or arrow keys`}
        onPointerDown={drag(false)}
        onKeyDown={keys(false)}
      >
        ✥
      </button>
      <button
        type="button"
        aria-label={`Size of ${name}: drag, or arrow keys`}
        onPointerDown={drag(true)}
        onKeyDown={keys(true)}
      >
        ⤡
      </button>
      <button type="button" aria-label={`Write ${name}`} onClick={write}>
        ✎
      </button>
      <button type="button" aria-label={`Remove ${name}`} onClick={remove}>
        ×
      </button>
    </div>
  )
}
