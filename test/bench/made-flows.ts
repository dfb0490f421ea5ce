/** Realistic generated flows: hosts and services by Zipf's law, counts with a long tail. */

const hosts = 10_000
const ports = [443, 80, 53, 22, 993, 8080]

interface MadeFlow {
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
  octets: number
  packets: number
  /** ms before its export. */
  startAgoMs: number
}

/**
 * A flow between one of 10,000 local hosts and a remote one; `random` returns numbers in [0, 1).
 */
export function makeFlow(random: () => number): MadeFlow {
  /** A number below `count`, roughly by Zipf's law: the greater, the rarer. */
  const rank = (count: number) => Math.floor(count ** random()) - 1
  const local = () => `10.0.${rank(hosts) >> 8}.${rank(hosts) & 255}`
  const remote = () => `203.${rank(250)}.${rank(250)}.${rank(250)}`
  const isOut = random() < 0.5
  const [us, them] = [local(), remote()]
  const service = ports[rank(ports.length)]!
  const ephemeral = 32_768 + Math.floor(random() * 28_000)
  const packets = Math.ceil((1 - random()) ** -0.9)
  return {
    source: isOut ? us : them,
    destination: isOut ? them : us,
    sourcePort: isOut ? ephemeral : service,
    destinationPort: isOut ? service : ephemeral,
    packets,
    octets: packets * (40 + Math.floor(random() * 1400)),
    startAgoMs: Math.floor(random() * 60_000),
  }
}
