/** The service port of a flow: which of its two ports identifies the service. */
import registry from './data/services.json' with { type: 'json' }

/** The protocols with ports, by number, with IANA's registered ports and service names. */
export const portProtocols: ReadonlyMap<number, Readonly<Record<string, string>>> = new Map<
  number,
  Readonly<Record<string, string>>
>([
  [6, registry.tcp],
  [17, registry.udp],
  [33, registry.dccp],
  [132, registry.sctp],
])

/** The result of servicePort for flows whose ports are both unregistered and ≥ 1024. */
export const ephemeralPort = -1
/** The result of servicePort for protocols without ports. */
export const noPort = -2

/** By protocol, then port: 1 if registered; null for protocols without ports. */
const registered: (Uint8Array | null)[] = Array.from({ length: 256 }, () => null)
for (const [protocol, services] of portProtocols) {
  const flags = new Uint8Array(65_536)
  for (const port of Object.keys(services)) flags[Number(port)] = 1
  registered[protocol] = flags
}

/**
 * The lower of the ports that IANA registers for the protocol; if neither is registered, the lower
 * port if it is under 1024, else `ephemeralPort`. `noPort` for protocols other than tcp, udp, sctp
 * and dccp.
 */
export function servicePort(protocol: number, source: number, destination: number): number {
  const flags = registered[protocol]
  if (!flags) return noPort
  const lower = Math.min(source, destination)
  if (flags[lower] === 1) return lower
  const higher = Math.max(source, destination)
  if (flags[higher] === 1) return higher
  return lower < 1024 ? lower : ephemeralPort
}

/** A service port as stored and displayed: a number, `ephemeral` or `none`. */
export function portText(port: number): string {
  if (port === noPort) return 'none'
  return port === ephemeralPort ? 'ephemeral' : String(port)
}

/** The IANA name of a service, such as https for tcp 443, or null if it has none. */
export function serviceName(protocol: number, port: number): string | null {
  return portProtocols.get(protocol)?.[String(port)] ?? null
}

let portsByService: Map<string, number[]> | null = null

/** The ports of a service by IANA name, for any protocol; empty if there is no such service. */
export function servicePorts(name: string): readonly number[] {
  return portsOfServices().get(name) ?? []
}

/** All service names, in registry order. */
export function serviceNames(): string[] {
  return [...portsOfServices().keys()]
}

/** Built on first use. */
function portsOfServices(): ReadonlyMap<string, readonly number[]> {
  if (portsByService) return portsByService
  portsByService = new Map()
  for (const services of portProtocols.values())
    for (const [port, name] of Object.entries(services)) {
      const ports = portsByService.get(name) ?? []
      if (!ports.includes(Number(port))) ports.push(Number(port))
      portsByService.set(name, ports)
    }
  return portsByService
}
