/** Flows of a small office with bursty traffic, as its exporter would report them. */
import { seeded } from '../../random.ts'
import { t0, type TestFlow } from './tables.ts'

export interface Office {
  seed: number
  hosts: number
  /** Pages per second, and the average number of connections of each. */
  pages: number
  connections: number
  seconds: number
  /** Nothing comes from outside in these seconds; hosts keep trying. */
  cut?: { from: number; to: number }
}

const serverPort = 443
/** Retries of an unanswered connection, in seconds after the first try. */
const tries = [0, 1, 3, 7]

/** Both directions of each connection; those begun during the cut are requests without answers. */
export function officeFlows(office: Office): Partial<TestFlow>[] {
  const random = seeded(office.seed)
  const lasting = (mean: number) => -Math.log(1 - random()) * mean
  const flows: Partial<TestFlow>[] = []
  let port = 20_000
  const open = (host: string, from: number) => {
    const site = `198.51.100.${1 + Math.floor(random() * 120)}`
    const ports = { sourcePort: ++port, destinationPort: serverPort }
    const isCut = (t: number) => office.cut && t >= office.cut.from && t < office.cut.to
    if (isCut(from)) {
      const asked = tries.map((later) => from + later).filter((t) => isCut(t))
      for (const t of asked) flows.push({ source: host, destination: site, ...ports, ...spanOf(t, t), bytes: 60, tcpFlags: 2 }) // prettier-ignore
      return
    }
    // A few very large ones make up most of the bytes: a Pareto distribution.
    const bytes = Math.min(3e7, Math.round(5000 * (1 - random()) ** (-1 / 1.15)))
    const whole = from + 0.2 + lasting(4)
    const to = office.cut && from < office.cut.from ? Math.min(whole, office.cut.from) : whole
    flows.push({ source: host, destination: site, ...ports, ...spanOf(from, to), bytes: Math.ceil(bytes / 30) }) // prettier-ignore
    flows.push({ source: site, destination: host, sourcePort: serverPort, destinationPort: port, ...spanOf(from + 0.02, to), bytes }) // prettier-ignore
  }
  for (let t = lasting(1 / office.pages); t < office.seconds; t += lasting(1 / office.pages)) {
    const host = `10.0.0.${10 + Math.floor(random() * office.hosts)}`
    let at = t
    do {
      open(host, at)
      at += lasting(0.6)
    } while (random() > 1 / office.connections)
  }
  return flows
}

function spanOf(from: number, to: number): { first: number; last: number } {
  return { first: Math.round(t0 + from * 1000), last: Math.round(t0 + to * 1000) }
}
