/** At which addresses routers reach ingest: in a container the API has others. */
import { networkInterfaces } from 'node:os'

/** IPv4 first; not loopback or link-local. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const reachable = all.filter(
    ({ address, internal }) => !internal && !/^(fe80:|169\.254\.)/.test(address),
  )
  return reachable.sort((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address)
}
