/** What an answer lacks, and why: quietly beside it, since on many networks there always is something. */
import { sentence } from '../sentence.ts'
import { zone } from '../state/zone.ts'
import { localText } from '../time/words.ts'

export function Remarks({ remarks }: { remarks: readonly string[] }) {
  return (
    <>
      {remarks.map((remark) => (
        <p class="dim remark" key={remark}>
          {sentence(localText(remark, zone.value))}
        </p>
      ))}
    </>
  )
}
