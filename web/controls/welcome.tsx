/** What stands where no exporter has ever sent: what to do, with this host's address. */
import { status } from '../state/collector.ts'

export function Welcome() {
  const listens = status.value?.settings['netflow'] ?? '0.0.0.0:2055'
  const port = String(listens).split(':').at(-1)
  const away = !['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)
  const host = away ? location.hostname : 'ADDRESS-OF-THIS-HOST'
  const refused = status.value?.refused ?? []
  return (
    <section class="panel welcome">
      <h1>No exporter yet</h1>
      <p>
        Point a router at this host: NetFlow v5, v9 or IPFIX, UDP port <b>{port}</b>. The chart
        begins with the first datagram.
      </p>
      <div class="recipes">
        <div>
          <h2>pfSense</h2>
          <p>
            Install the package <b>softflowd</b>; Services → softflowd: your interfaces, host{' '}
            <code>{host}</code>, port <code>{port}</code>, version 9.
          </p>
        </div>
        <div>
          <h2>Cisco IOS</h2>
          <pre>{`flow exporter WEIR\n destination ${host}\n transport udp ${port}\n export-protocol netflow-v9`}</pre>
        </div>
        <div>
          <h2>Linux, BSD</h2>
          <pre>{`softflowd -i eth0 -v 9 \\\n  -n ${host}:${port}`}</pre>
        </div>
      </div>
      {refused.length > 0 && (
        <p class="message warning">
          Datagrams came from <b>{refused.map((source) => source.address).join(', ')}</b> and were
          refused: add it to <code>WEIR_EXPORTERS</code>.
        </p>
      )}
      <p class="dim">
        Just looking? <code>npm run demo</code> shows a Monday on which the line went down.
      </p>
    </section>
  )
}
