/** Filters at random, as text, over the whole grammar that nfdump 1.7 and Weir share. */
type Random = () => number

const ipv4 = ['10.0.0.22', '10.0.0.23', '10.1.2.3', '172.16.9.1', '192.0.2.80', '203.0.113.80']
const ipv6 = ['2001:db8::1', '2001:db8::22', '2001:db8:1::1', 'fd00::22', 'fe80::1']
const comparators = ['', '=', '==', '>', '<', '>=', '<=', 'eq', 'gt', 'lt', 'ge', 'le']
const ports = [0, 22, 53, 80, 443, 1023, 1024, 50_000, 51_000, 65_535]
const scaled = ['1k', '5k', '2m', '10m', '1g', '4g']

/** Makes filters; `random` gives numbers from 0 to below 1. */
export function filterMaker(random: Random): (depth: number) => string {
  const one = <V>(values: readonly V[]) => values[Math.floor(random() * values.length)]!
  const some = <V>(make: () => V) => Array.from({ length: 1 + Math.floor(random() * 4) }, make)
  const side = () => one(['', '', 'src ', 'dst ', 'src or dst ', 'src and dst '])
  const network4 = () => `${one(ipv4)}/${one([8, 12, 16, 24, 30, 31, 32])}`
  const network = () =>
    random() < 0.6 ? network4() : `${one(ipv6)}/${one([16, 32, 48, 64, 127, 128])}`
  // Of a list whose networks overlap, or that has commas and networks, nfdump 1.7.1 misses a part.
  const addressList = () => one([some(() => one([...ipv4, ...ipv6])), [network4()]]).join(' ')
  const compared = (word: string, values: readonly (number | string)[]) =>
    `${word} ${one(comparators)} ${one(values)}`

  const conditions: readonly (() => string)[] = [
    () => `${side()}${one(['host', 'ip'])} ${one([...ipv4, ...ipv6])}`,
    () => `${side()}net ${network()}`,
    () => `${side()}ip in [${addressList()}]`,
    () => compared(`${side()}port`, ports),
    () => `${side()}port in [${some(() => one(ports)).join(one([' ', ',', ', ']))}]`,
    () => `proto ${one(['tcp', 'udp', 'icmp', 'icmp6', 'gre', 'esp', 0, 6, 17, 47, 50, 58, 99])}`,
    () => `flags ${one(['S', 'A', 'SA', 'FSPA', 'R', 'F', 'U', 'X', 'AR', 2, 18, 27, 63])}`,
    () => `tos ${one([0, 16, 40, 184, 255])}`,
    () => `${one(['in ', 'out ', ''])}if ${one([0, 1, 2, 3, 4, 70_000])}`,
    // nfdump 1.7.1 drops v5's prefix lengths, so these are those of v9 and IPFIX.
    () => `${side()}mask ${one([8, 16, 24, 32])}`,
    () => `${one(['', 'src ', 'dst '])}vlan ${one([0, 100, 200, 300])}`,
    () => `next ip ${one(['192.0.2.254', '0.0.0.0', '2001:db8::ff', '2001:db8::fe'])}`,
    () =>
      `${one(['', 'in src ', 'in dst '])}mac ${one(['00:11:22:33:44:55', '00:aa:bb:cc:dd:01'])}`,
    () => `icmp-${one(['type', 'code'])} ${one([0, 1, 3, 8, 128, 129])}`,
    () => compared(one(['packets', 'in packets']), [0, 1, 2, 10, 100, 5000, ...scaled]),
    () => compared(one(['bytes', 'in bytes']), [0, 40, 64, 1000, 1500, 999_999, ...scaled]),
    () => compared('duration', [0, 1, 10, 999, 1000, 60_000, 300_000]),
    () => compared('pps', [0, 1, 2, 10, 1000, ...scaled]),
    () => compared('bps', [0, 1, 100, 8000, ...scaled]),
    () => compared('bpp', [0, 1, 4, 40, 64, 1500, ...scaled]),
    () => one(['inet', 'inet6', 'ipv4', 'ipv6']),
    () => `flowdir ${one(['ingress', 'egress', 0, 1])}`,
  ]

  return function filter(depth: number): string {
    const kind = random()
    if (depth === 0 || kind < 0.15) return one(conditions)()
    if (kind < 0.3) return `not (${filter(depth - 1)})`
    const term = () => (random() < 0.5 ? `(${filter(depth - 1)})` : filter(depth - 1))
    const terms = Array.from({ length: 2 + Math.floor(random() * 2) }, term)
    return terms.join(one([' and ', ' or ']))
  }
}
