/** A preview of the panel beside its form: with current data, about as large as at a desk. */
import type { Panel } from '../../../api/schema/state.ts'
import { PanelBox, rowPixels } from '../../dashboard/panels.tsx'

/** Not so high that the fields are out of sight, nor so low that nothing can be seen. */
const rowsMin = 2
const rowsMax = 5

export function Preview({ panel, everyMs }: { panel: Panel; everyMs: number }) {
  const rows = Math.min(rowsMax, Math.max(rowsMin, panel.place.rows))
  const place = { column: 0, row: 0, columns: 12, rows: 1 }
  return (
    <section class="preview" aria-label="Preview">
      <div class="grid" style={{ gridTemplateRows: `${rows * rowPixels}px` }}>
        <PanelBox
          key={panel.kind}
          panel={{ ...panel, place }}
          place={{ dashboard: null, index: 0 }}
          scale={1}
          everyMs={everyMs}
        />
      </div>
      <p class="dim">As it will be, with the data of now.</p>
    </section>
  )
}
