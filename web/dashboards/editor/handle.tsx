/**
 * The handle by which a panel is dragged, or moved with the arrow keys, while a dashboard is
 * edited.
 */
import type { Panel } from '../../../api/schema/state.ts'
import { dashboardLimits } from '../../../flow/dashboard-limits.ts'
import { rowPixels } from '../../dashboard/panels.tsx'
import { isSame, nameOf } from './changes.ts'
import { movedPlace, type Place } from './places.ts'

const arrows: Record<string, { columns: number; rows: number }> = {
  ArrowLeft: { columns: -1, rows: 0 },
  ArrowRight: { columns: 1, rows: 0 },
  ArrowUp: { columns: 0, rows: -1 },
  ArrowDown: { columns: 0, rows: 1 },
}

interface HandleFacts {
  panel: Panel
  /** Called at each step with the new place; all steps of a drag have the same name. */
  move: (place: Place, drag: string) => void
  edit: () => void
  /** Null at the maximum number of panels. */
  copy: (() => void) | null
  remove: () => void
}

export function Handle({ panel, move, edit, copy, remove }: HandleFacts) {
  const { place } = panel
  const name = nameOf(panel)
  const drag = (isSize: boolean) => (event: PointerEvent) => {
    if (event.button === 0) follow(event, place, { isSize, move })
  }
  const keys = (isSize: boolean) => (event: KeyboardEvent) => {
    const by = arrows[event.key]
    if (!by) return
    event.preventDefault()
    const next = movedPlace(place, by, isSize)
    if (!isSame(next, place)) move(next, `${isSize ? 'size' : 'move'} ${name}`)
  }
  const size = `Size of ${name}: drag, or arrow keys`
  return (
    <>
      <div class="handle">
        <button
          type="button"
          class="mover"
          aria-label={`Move ${name}: drag, or arrow keys`}
          title="move: drag, or arrow keys"
          onPointerDown={drag(false)}
          onKeyDown={keys(false)}
        >
          ✥
        </button>
        <button type="button" aria-label={`Edit ${name}`} title="edit" onClick={edit}>
          ✎
        </button>
        {copy && (
          <button type="button" aria-label={`Duplicate ${name}`} title="duplicate" onClick={copy}>
            <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
              <path d="M4.5 4.5h8v8h-8zM9.5 4.5v-3h-8v8h3" />
            </svg>
          </button>
        )}
        <button type="button" aria-label={`Remove ${name}`} title="remove" onClick={remove}>
          ×
        </button>
      </div>
      <button
        type="button"
        class="sizer"
        aria-label={size}
        title="size: drag, or arrow keys"
        onPointerDown={drag(true)}
        onKeyDown={keys(true)}
      >
        ◢
      </button>
    </>
  )
}

/** Moves or resizes with the pointer until it is released. */
function follow(
  event: PointerEvent,
  place: Place,
  { isSize, move }: { isSize: boolean; move: HandleFacts['move'] },
): void {
  const held = event.currentTarget as HTMLElement
  const columnPixels = held.closest('.grid')!.clientWidth / dashboardLimits.columns
  const [x, y] = [event.pageX, event.pageY]
  const drag = `drag ${event.timeStamp}`
  const ended = new AbortController()
  let last = place
  const moved = (now: PointerEvent) => {
    const columns = Math.round((now.pageX - x) / columnPixels)
    const rows = Math.round((now.pageY - y) / rowPixels)
    const next = movedPlace(place, { columns, rows }, isSize)
    if (!isSame(next, last)) move(next, drag)
    last = next
  }
  held.setPointerCapture(event.pointerId)
  held.addEventListener('pointermove', moved, { signal: ended.signal })
  for (const end of ['pointerup', 'pointercancel'] as const)
    held.addEventListener(end, () => ended.abort(), { signal: ended.signal })
}
