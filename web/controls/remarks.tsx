/** What an answer lacks, and why. */
import { sentence } from '../sentence.ts'
import { zone } from '../state/zone.ts'
import { localText } from '../time/words.ts'

export function Remarks({ remarks }: { remarks: readonly string[] }) {
  return (
    <>
      {remarks.map((remark) => (
        <p class="message note" key={remark}>
          {sentence(localText(remark, zone.value))}
        </p>
      ))}
    </>
  )
}
