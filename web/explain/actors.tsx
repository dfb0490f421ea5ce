/** Who it was: the actors of an event, and the first one's peers. */
import type { Actor } from '../../api/schema/explain.ts'
import { formatExact, formatWithUnit } from '../../flow/units.ts'
import { objectAddress } from '../object/address.ts'
import { peerWords, type MainPeers } from '../state/explained.ts'
import { zone } from '../state/zone.ts'
import { shortInstantText } from '../time/words.ts'

const directionTexts = { in: 'received', out: 'sent' }

export function Actors({ actors }: { actors: readonly Actor[] }) {
  return (
    <div class="scrolled" role="region" aria-label="Who it was" tabIndex={0}>
      <table class="figures actors">
        <thead>
          <tr>
            <th scope="col">host</th>
            <th scope="col">bytes</th>
            <th scope="col" title="of all bytes in that direction">
              share
            </th>
            <th scope="col" title="its usual bytes for the same length of time at that hour">
              usual
            </th>
            <th scope="col" title="connections that it opened">
              opened
            </th>
            <th scope="col" title="connections that were opened to it">
              accepted
            </th>
            <th
              scope="col"
              title="distinct peers, and those not seen in the quarter of an hour before"
            >
              peers (new)
            </th>
            <th scope="col">main peer</th>
          </tr>
        </thead>
        <tbody>
          {actors.map((actor) => (
            <ActorRow key={`${actor.host} ${actor.direction}`} actor={actor} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function ActorRow({ actor }: { actor: Actor }) {
  const { host, name, direction, bytes, share, normal, connections, accepted, mainPeer } = actor
  return (
    <tr>
      <th scope="row">
        <a href={objectAddress({ kind: 'host', name: host })}>{host}</a>
        {name !== null && <small> {name}</small>}
      </th>
      <td title={`${formatExact(bytes)} bytes`}>
        {directionTexts[direction]} {formatWithUnit(bytes, 'B')}
      </td>
      <td>{(share * 100).toFixed(0)} %</td>
      <td>{normal === null ? '–' : formatWithUnit(normal, 'B')}</td>
      <td>{formatExact(connections)}</td>
      <td>{formatExact(accepted)}</td>
      <td>
        {formatExact(actor.peers)}
        {actor.newPeers === null ? '' : ` (${formatExact(actor.newPeers)})`}
      </td>
      <td>
        {mainPeer
          ? `${mainPeer.name ?? mainPeer.address}: ${formatExact(mainPeer.connections)} connections, ${formatWithUnit(mainPeer.bytes, 'B')}`
          : '–'}
      </td>
    </tr>
  )
}

export function Peers({ peers: { actor, rows } }: { peers: MainPeers }) {
  const [, word] = peerWords[actor.direction]
  return (
    <>
      <h3>The main peers of {actor.host}</h3>
      <div class="scrolled" role="region" aria-label="With whom" tabIndex={0}>
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">peer</th>
              <th scope="col">bytes {directionTexts[actor.direction]}</th>
              <th scope="col">packets</th>
              <th scope="col" title="flow records, as the exporter sent them">
                flows
              </th>
              <th scope="col">first</th>
              <th scope="col">last</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={JSON.stringify(row.key)}>
                <th scope="row">
                  <a href={objectAddress({ kind: 'host', name: String(row.key[word]) })}>
                    {row.label}
                  </a>
                </th>
                <td title={`${formatExact(row.bytes)} bytes`}>{formatWithUnit(row.bytes, 'B')}</td>
                <td>{formatExact(row.packets)}</td>
                <td>{formatExact(row.flows)}</td>
                <td>{shortInstantText(row.first * 1000, zone.value)}</td>
                <td>{shortInstantText(row.last * 1000, zone.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
