/** A short description of each word of the language, for suggestions. */
import { addressFields, numberFields } from './fields.ts'

const fields = [...Object.values(numberFields), ...Object.values(addressFields)]

/** By word. */
export const wordDescriptions: Readonly<Record<string, string>> = {
  ...Object.fromEntries(fields.flatMap(({ words, about }) => words.map((word) => [word, about]))),
  host: 'source or destination address or own name',
  net: 'source or destination network: net 10.0.0.0/8',
  src: 'the source’s',
  dst: 'the destination’s',
  in: 'ingress interface: in if 3',
  out: 'egress interface: out if 3',
  not: 'the opposite',
  and: 'both hold',
  or: 'one of both holds',
  '(': 'conditions that belong together',
  ')': 'their end',
  any: 'every flow',
  inet: 'both addresses are IPv4',
  ipv4: 'both addresses are IPv4',
  inet6: 'both addresses are IPv6',
  ipv6: 'both addresses are IPv6',
  local: 'source or destination is a local network’s',
  remote: 'source or destination is no local network’s',
  direction: 'as the local networks see it: in, out, internal, transit',
  flags: 'TCP flags that are set: flags S and not flags A',
  observation: 'observation domain id N',
}
