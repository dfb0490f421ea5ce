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
    name: 'MikroTik',
    lines: (host, port) => [
      '/ip traffic-flow set enabled=yes interfaces=all active-flow-timeout=1m inactive-flow-timeout=15s',
      `/ip traffic-flow target add dst-address=${host} port=${port} version=9 v9-template-timeout=1m`,
    ],
  },
  {
    name: 'Linux, BSD',
    lines: (host, port) => [`softflowd -i eth0 -v 9 -t maxlife=60 -n ${host}:${port}`],
  },
  {
    name: 'Cisco IOS',
    about: 'The monitor goes on every interface, as input only.',
    lines: (host, port) => [
      'flow exporter WEIR',
      ` destination ${host}`,
      ` transport udp ${port}`,
      ' export-protocol netflow-v9',
      ' template data timeout 60',
      'flow record WEIR-RECORD',
      ' match ipv4 protocol',
      ' match ipv4 source address',
      ' match ipv4 destination address',
      ' match transport source-port',
      ' match transport destination-port',
      ' match interface input',
      ' collect interface output',
      ' collect counter bytes long',
      ' collect counter packets long',
      ' collect timestamp sys-uptime first',
      ' collect timestamp sys-uptime last',
      ' collect transport tcp flags',
      'flow monitor WEIR',
      ' exporter WEIR',
      ' record WEIR-RECORD',
      ' cache timeout active 60',
      'interface GigabitEthernet0/0',
      ' ip flow monitor WEIR input',
    ],
  },
  {
    name: 'Juniper',
    about: 'Inline J-Flow; the source is an address of the router.',
    lines: (host, port) => [
      'set services flow-monitoring version-ipfix template WEIR ipv4-template',
      'set services flow-monitoring version-ipfix template WEIR flow-active-timeout 60',
      'set services flow-monitoring version-ipfix template WEIR template-refresh-rate seconds 60',
      'set services flow-monitoring version-ipfix template WEIR option-refresh-rate seconds 60',
      'set chassis fpc 0 sampling-instance WEIR',
      'set forwarding-options sampling instance WEIR input rate 1000',
      `set forwarding-options sampling instance WEIR family inet output flow-server ${host} port ${port}`,
      `set forwarding-options sampling instance WEIR family inet output flow-server ${host} version-ipfix template WEIR`,
      'set forwarding-options sampling instance WEIR family inet output inline-jflow source-address 192.0.2.1',
      'set interfaces ge-0/0/0 unit 0 family inet sampling input',
    ],
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
          that a long download is reported minute by minute. More makers, and more about these, are
          in <code>docs/exporters</code>.
        </p>
      </div>
    </div>
  )
}
