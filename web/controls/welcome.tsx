/** Shown until the first exporter sends: what to do, with this host's address, and what arrives. */
import { isLoopback } from '../../flow/address.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { countOf, formatExact } from '../../flow/units.ts'
import { status } from '../state/collector.ts'
import { Recipes } from './recipes.tsx'

/** Where Weir listens for NetFlow, as set. */
const listening = () => String(status.value?.settings['netflow'] ?? '0.0.0.0:2055')

/**
 * Addresses at which routers may reach this host: the only one it listens at, else the one the page
 * was opened at, else its own.
 */
function ownAddresses(): string[] {
  const only = listening().replace(/:\d+$/, '')
  if (!['0.0.0.0', '[::]'].includes(only)) return [only]
  const { hostname } = location
  if (!isLoopback(hostname)) return [hostname]
  const own = String(status.value?.settings['addresses'] ?? '').split(',')
  return own[0] ? own : ['THIS-HOST']
}

export function Welcome() {
  const settings = status.value?.settings ?? {}
  const portOf = (endpoint: string) => endpoint.split(':').at(-1)!
  const port = portOf(listening())
  const [host, ...others] = ownAddresses()
  return (
    <section class="panel welcome" aria-label="No exporter yet">
      <h1>No exporter yet</h1>
      <p>
        Point a router at <b>{host}</b>
        {others.length > 0 && <small> (this host is {others.join(', ')} too)</small>}: NetFlow v5,
        v9 or IPFIX, UDP port <b>{port}</b>; sFlow, UDP port{' '}
        <b>{portOf(String(settings['sflow'] ?? '0.0.0.0:6343'))}</b>. The chart begins with the
        first datagram.
      </p>
      {isLoopback(host!) && (
        <p class="message warning">
          <b>Only this machine reaches {host}.</b> For a router, start Weir with{' '}
          <code>WEIR_NETFLOW=0.0.0.0:{port}</code>
        </p>
      )}
      <Arriving />
      <p class="dim">
        Just looking? <code>npm run demo</code> shows a Monday on which the line went down.
      </p>
      <Recipes host={host!} port={port} />
    </section>
  )
}

/** What has arrived so far, and what was refused; refreshed every few seconds. */
function Arriving() {
  const answer = status.value
  const ingest = answer?.ingest as IngestStatus | null | undefined
  if (!answer) return null
  if (answer.starting)
    return (
      <p class="message" role="status">
        Ingest is starting: new flows are kept, and shown in a moment.
      </p>
    )
  if (!ingest?.running)
    return (
      <p class="message error" role="status">
        <b>Nothing listens.</b> No ingest runs on this data folder: start it with{' '}
        <code>weir start</code> or <code>weir ingest</code>.
      </p>
    )
  const refused = answer.refused
  const allowed = String(answer.settings['exporters'] ?? '')
  return (
    <div role="status">
      <p class="message">
        Listening on {ingest.sockets.map(({ address }) => `UDP ${address}`).join(', ')}:{' '}
        <b>{formatExact(ingest.journal?.datagrams ?? 0)}</b> datagrams so far
        {(ingest.journal?.datagrams ?? 0) === 0 ? '; waiting for the first' : ''}.
      </p>
      {refused.map(({ address, datagrams }) => (
        <p class="message warning" key={address}>
          <b>{address}</b> has sent {countOf(datagrams, 'datagram')}, which Weir refused: it is not
          on the allow-list. If it is yours, start Weir with{' '}
          <code>WEIR_EXPORTERS={[allowed, address].filter(Boolean).join(',')}</code>
        </p>
      ))}
    </div>
  )
}
