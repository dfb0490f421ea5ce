/** Refused senders: the address, and the setting that accepts it. */
import { countOf } from '../../flow/units.ts'
import { status } from '../state/collector.ts'
import { zone } from '../state/zone.ts'
import { instantText } from '../time/words.ts'

export function Refused() {
  const refused = status.value?.refused ?? []
  if (refused.length === 0) return null
  const allowed = String(status.value?.settings['exporters'] ?? '')
  const wanted = [allowed, ...refused.map(({ address }) => address)].filter(Boolean).join(',')
  return (
    <section class="panel exporter" aria-label="Refused">
      <h2>Refused: not on the allow-list</h2>
      <ul class="faults">
        {refused.map(({ address, datagrams, lastSeen }) => (
          <li key={address} class="error">
            <span aria-hidden="true">✖</span>
            <b>{address}</b> sent {countOf(datagrams, 'datagram')}, the last{' '}
            {instantText(lastSeen * 1000, zone.value)}
          </li>
        ))}
      </ul>
      <p>
        If it is yours, start Weir with <code>WEIR_EXPORTERS={wanted}</code>
      </p>
    </section>
  )
}
