/** What could not be read in the address: the default is shown in its place. */
import { sentence } from '../sentence.ts'
import type { AddressFault } from '../state/address.ts'
import { timeFaults } from '../state/window.ts'

/** Characters shown of a value that cannot be read. */
const saidMax = 120

export function AddressFaults({ faults }: { faults: readonly AddressFault[] }) {
  return (
    <>
      {faults.map(({ name, value, remedy }) => (
        <p class="message warning" key={name}>
          The address says <code>{`${name}=${shortened(value)}`}</code>: {remedy}.
        </p>
      ))}
    </>
  )
}

/** Times have no default: nothing is shown until they can be read. */
export function TimeFaults() {
  return (
    <>
      {Object.values(timeFaults.value)
        .filter(Boolean)
        .map((fault) => (
          <p class="message error" role="alert" key={fault}>
            {sentence(fault)}
          </p>
        ))}
    </>
  )
}

/** As much of a text as is needed to recognise it. */
function shortened(text: string): string {
  return text.length > saidMax ? `${text.slice(0, saidMax)} …` : text
}
