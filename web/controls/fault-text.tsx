/** Why a request failed and what to do, with times in the page's zone. */
import type { RequestError } from '../client.ts'
import { zone } from '../state/zone.ts'
import { localText } from '../time/words.ts'

export function FaultText({ error }: { error: RequestError }) {
  return (
    <>
      <b>{localText(error.message, zone.value)}</b> {localText(error.remedy, zone.value)}
    </>
  )
}
