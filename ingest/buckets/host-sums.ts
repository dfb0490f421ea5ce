/**
 * What hosts did in an interval, and by which service, added up host after host: tables of all hosts and of all their
 * services would take twice as much memory as what is counted, each time that rows are made.
 */
import { hostAmounts, KeptKeys } from './choose.ts'
import { isSenderOf, serviceAlone } from './codes.ts'
import type { HostsListed } from './hosts-listed.ts'
import { amountCount, giveBack } from './tables.ts'

/** Fewer services of a host are sorted on the spot. */
const fewServices = 16
/** A service and the number of its key among those of its host, as one number. */
const keyRange = 2 ** 24

/** The keys of hosts that are kept; those of hosts beyond the limit of an interval never are. */
export interface HostSums {
  host: KeptKeys
  hostPort: KeptKeys
}

/** Adds up a table by (host, service, direction and end). */
export function sumHosts(services: HostsListed, top: number): HostSums {
  const hosts = services.isLocal.length
  const { starts, places } = placesByHost(services, hosts)
  const sums: HostSums = {
    host: new KeptKeys(services, top),
    hostPort: new KeptKeys(services, top),
  }
  const ofHost = new Float64Array(hostAmounts)
  const ofService = new Float64Array(hostAmounts)
  let order = new Float64Array(fewServices)
  for (let host = 0; host <= hosts; host++) {
    const begin = starts[host]!
    const count = starts[host + 1]! - begin
    if (count === 0) continue
    if (count > order.length) order = new Float64Array(2 * count)
    for (let i = 0; i < count; i++)
      order[i] = serviceAlone(services.codeAt(places[begin + i]!) - 1) * keyRange + i
    sortFirst(order, count)
    const isBeyond = host === hosts
    ofHost.fill(0)
    for (let i = 0; i < count;) {
      const service = Math.floor(order[i]! / keyRange)
      ofService.fill(0)
      for (; i < count && Math.floor(order[i]! / keyRange) === service; i++) {
        const at = places[begin + (order[i]! % keyRange)]!
        const way = isSenderOf(services.codeAt(at) - 1) ? amountCount : 0
        services.addTo(ofService, way, at)
      }
      for (let k = 0; k < hostAmounts; k++) ofHost[k] = ofHost[k]! + ofService[k]!
      if (isBeyond) sums.hostPort.addToOthers(ofService)
      else sums.hostPort.offer(host, service, ofService)
    }
    if (isBeyond) sums.host.addToOthers(ofHost)
    else sums.host.offer(host, 1, ofHost)
  }
  sums.host.cut()
  sums.hostPort.cut()
  for (const each of [starts, places]) giveBack(each)
  return sums
}

/** The places of a table's keys by their hosts: those of host h are places[starts[h]] to places[starts[h + 1] − 1]; beyond all, those of hosts that have no number. */
function placesByHost(services: HostsListed, hosts: number) {
  const starts = new Uint32Array(hosts + 2)
  services.forEach((a) => void starts[Math.min(a, hosts) + 1]!++)
  for (let host = 0; host <= hosts; host++) starts[host + 1] = starts[host + 1]! + starts[host]!
  const next = starts.slice()
  const places = new Uint32Array(services.count)
  services.forEach((a, _, at) => {
    places[next[Math.min(a, hosts)]!++] = at
  })
  giveBack(next)
  return { starts, places }
}

/** Sorts the first numbers, ascending: of most hosts they are a handful, for which the engine's own sort takes ten times as long. */
function sortFirst(numbers: Float64Array, count: number): void {
  if (count > fewServices) {
    numbers.subarray(0, count).sort()
    return
  }
  for (let i = 1; i < count; i++) {
    const number = numbers[i]!
    let to = i
    for (; to > 0 && numbers[to - 1]! > number; to--) numbers[to] = numbers[to - 1]!
    numbers[to] = number
  }
}
