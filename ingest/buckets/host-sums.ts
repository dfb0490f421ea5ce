/**
 * Sums by host, and by host and service, of one interval, made host by host: tables of all hosts
 * and services would take twice the memory of the counts, each time rows are made.
 */
import { freeBuffer } from '../../store/process/freed-memory.ts'
import { hostAmounts, KeptKeys } from './choose.ts'
import { isSenderOf, serviceAlone } from './codes.ts'
import type { HostsListed } from './hosts-listed.ts'
import { amountCount } from './tables.ts'

/** Up to this many services of a host are sorted in place by insertion. */
const fewServices = 16
/** Combines a service and the index of its key among its host's keys into one number. */
const keyRange = 2 ** 24

/** The keys kept; hosts beyond the limit of an interval are never among them. */
interface HostSums {
  host: KeptKeys
  hostPort: KeptKeys
}

/** Sums a table by (host, service, direction and end). */
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
  for (const each of [starts, places]) freeBuffer(each)
  return sums
}

/**
 * The places of a table's keys grouped by host: those of host h are places[starts[h]] to
 * places[starts[h + 1] − 1]; after all of them come those of hosts without a number.
 */
function placesByHost(services: HostsListed, hosts: number) {
  const starts = new Uint32Array(hosts + 2)
  services.forEach((a) => void starts[Math.min(a, hosts) + 1]!++)
  for (let host = 0; host <= hosts; host++) starts[host + 1] = starts[host + 1]! + starts[host]!
  const next = starts.slice()
  const places = new Uint32Array(services.count)
  services.forEach((a, _, at) => {
    places[next[Math.min(a, hosts)]!++] = at
  })
  freeBuffer(next)
  return { starts, places }
}

/**
 * Sorts the first numbers, ascending. Most hosts have a handful, for which the built-in sort takes
 * ten times as long.
 */
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
