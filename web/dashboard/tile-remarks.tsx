/** What a panel's list lacks, below it: on a wall nobody can ask for it. */
import { sentence } from '../sentence.ts'
import { zone } from '../state/zone.ts'
import { localText } from '../time/words.ts'

export function TileRemarks({ remarks }: { remarks: readonly string[] }) {
  const told = remarks.map((remark) => sentence(localText(remark, zone.value))).join(' ')
  if (told === '') return null
  return (
    <p class="dim tile-remark" title={told}>
      {told}
    </p>
  )
}
