/** How to point exporters at this host, by the software they run. */

interface Recipe {
  name: string
  /** A sentence for devices configured in a web page. */
  about?: string
  lines?: (host: string, port: string) => string[]
}

const recipes: readonly Recipe[] = [
  {
    name: 'pfSense, OPNsense',
    about:
      'pfSense: package softflowd; Services → softflowd: your interfaces, this host and port, version 9. OPNsense: Reporting → NetFlow: destination this host and port, version 9.',
  },
  {
    name: 'Cisco IOS',
    lines: (host, port) => [
      'flow exporter WEIR',
      ` destination ${host}`,
      ` transport udp ${port}`,
      ' export-protocol netflow-v9',
      ' template data timeout 60',
    ],
  },
  {
    name: 'Juniper',
    lines: (host, port) => [
      'set forwarding-options sampling instance WEIR \\',
      ` family inet output flow-server ${host} \\`,
      `  port ${port} version9 template ipv4`,
    ],
  },
  {
    name: 'MikroTik',
    lines: (host, port) => [
      '/ip traffic-flow set enabled=yes',
      `/ip traffic-flow target add dst-address=${host} \\`,
      `  port=${port} version=9`,
    ],
  },
  {
    name: 'Linux, BSD',
    lines: (host, port) => ['softflowd -i eth0 -v 9 \\', `  -t maxlife=60 -n ${host}:${port}`],
  },
]

export function Recipes({ host, port }: { host: string; port: string }) {
  return (
    <div class="recipes">
      {recipes.map(({ name, about, lines }) => (
        <div key={name}>
          <h2>{name}</h2>
          {about !== undefined && <p>{about}</p>}
          {lines && <pre>{lines(host, port).join('\n')}</pre>}
        </div>
      ))}
      <div>
        <h2>For all</h2>
        <p>
          Address <code>{host}</code>, port <code>{port}</code>. Set the active timeout to 60 s, so
          that a long download is reported minute by minute.
        </p>
      </div>
    </div>
  )
}
