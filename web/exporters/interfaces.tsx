/** The interfaces of an exporter, each linked to its page. */
import { useSignal } from '@preact/signals'

import type { Exporter } from '../../api/schema/status.ts'
import { countOf, formatExact, formatWithUnit } from '../../flow/units.ts'
import { objectAddress } from '../object/address.ts'

/** Nobody reads through more lines than this; the others can be searched by name. */
const listedMax = 500

export function Interfaces(props: {
  own: string
  interfaces: Exporter['interfaces']
  /** Whether they are listed until somebody opens or closes the list. */
  isOpen: boolean
}) {
  const { own, interfaces } = props
  const chosen = useSignal<boolean | null>(null)
  const isOpen = chosen.value ?? props.isOpen
  const choose = (event: Event) => {
    event.preventDefault()
    chosen.value = !isOpen
  }
  const more = interfaces.length - listedMax
  return (
    <details open={isOpen}>
      <summary class="dim" onClick={choose}>
        {countOf(interfaces.length, 'interface')}
      </summary>
      {isOpen && <Table own={own} interfaces={interfaces.slice(0, listedMax)} />}
      {isOpen && more > 0 && <p class="dim">{formatExact(more)} more: find them by their name.</p>}
    </details>
  )
}

function Table({ own, interfaces }: { own: string; interfaces: Exporter['interfaces'] }) {
  return (
    <div class="scrolled long" role="region" aria-label="Interfaces" tabIndex={0}>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">interface</th>
            <th scope="col">index</th>
            <th scope="col" class="text">
              description
            </th>
            <th scope="col">speed</th>
          </tr>
        </thead>
        <tbody>
          {interfaces.map(({ index, name, alias, speed }) => (
            <tr key={index}>
              <th scope="row" class="text">
                <a href={objectAddress({ kind: 'interface', name: `${own}/${index}` })}>
                  {name ?? `if${index}`}
                </a>
              </th>
              <td>{index}</td>
              <td class="text">{alias ?? '–'}</td>
              <td>{speed === null ? 'unknown' : formatWithUnit(speed, 'b/s')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
