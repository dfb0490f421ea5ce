/**
 * Exporters whose addresses a container engine has replaced with its own. In a container behind a
 * bridge, all of them appear as the bridge's gateway, so that their flows are mixed.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { formatAddress, parseAddress } from '../../flow/address.ts'
import type { Warning } from '../../flow/status.ts'

/** The gateways of this container's bridge; empty on a bare host or on the host's network. */
export async function bridgeGateways(root = '/'): Promise<string[]> {
  if (!existsSync(`${root}.dockerenv`) && !existsSync(`${root}run/.containerenv`)) return []
  const read = (path: string) => readFile(`${root}${path}`, 'utf8').catch(() => '')
  const routes = [
    ...routes4(await read('proc/net/route')),
    ...routes6(await read('proc/net/ipv6_route')),
  ]
  const gateways: string[] = []
  for (const { gateway, link } of routes) {
    // The container's end of a veth pair has an iflink other than its ifindex; a real network card
    // has the same.
    const [own, other] = await Promise.all(
      ['ifindex', 'iflink'].map((name) => read(`sys/class/net/${link}/${name}`)),
    )
    if (own !== other) gateways.push(gateway)
  }
  return [...new Set(gateways)]
}

interface Route {
  gateway: string
  link: string
}

const upToGateway = 0x3

/** Default routes of /proc/net/route: hexadecimal, in host byte order. */
function routes4(table: string): Route[] {
  return rows(table).flatMap(([link = '', destination, gateway = '', flags = '']) => {
    const isDefault =
      destination === '00000000' && (Number.parseInt(flags, 16) & upToGateway) === upToGateway
    const bytes =
      gateway
        .match(/../g)
        ?.toReversed()
        .map((byte) => Number.parseInt(byte, 16)) ?? []
    return isDefault ? [{ link, gateway: bytes.join('.') }] : []
  })
}

/** Default routes of /proc/net/ipv6_route. */
function routes6(table: string): Route[] {
  return rows(table).flatMap((columns) => {
    const [destination = '', length = '', , , gateway = '', , , , , link = ''] = columns
    const words = parseAddress(gateway.match(/..../g)?.join(':') ?? '')
    const isDefault = /^0{32}$/.test(destination) && length === '00' && !/^0{32}$/.test(gateway)
    return isDefault && words ? [{ link, gateway: formatAddress(...words) }] : []
  })
}

function rows(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
}

/** Warnings about exporters that are this container's gateway. */
export function lostAddresses(
  exporters: readonly { address: string }[],
  gateways: readonly string[],
): Warning[] {
  return exporters
    .filter(({ address }) => gateways.includes(address))
    .map(({ address }) => ({
      what: `${address} is this container's own gateway: the engine hides the addresses of exporters behind it`,
      remedy:
        "run ingest on the host's network (network_mode: host), or delete the kernel's stale entry: conntrack -D -p udp --dport 2055",
    }))
}
