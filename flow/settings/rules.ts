/** What settings must be together. */
import { isLoopback } from '../address.ts'
import { settingSpecs } from './specs.ts'
import { endpointText } from './values.ts'
import type { SettingFault, Settings } from './settings.ts'

function exposure({ http, published, access }: Settings): SettingFault[] {
  if (access.auth === 'proxy' && access.proxies === null)
    return [
      {
        key: 'WEIR_AUTH',
        value: 'proxy',
        remedy: 'needs WEIR_PROXIES: the networks of the proxy, such as 127.0.0.1/32',
      },
    ]
  const reached = published ?? http
  if (isLoopback(reached.host) || access.auth !== null) return []
  return [
    {
      key: published === null ? 'WEIR_HTTP' : 'WEIR_PUBLISHED',
      value: endpointText(reached),
      remedy: `is reachable from other machines: set WEIR_AUTH too. ${settingSpecs.AUTH.remedy}`,
    },
  ]
}

function missingToken({ store, influx }: Settings): SettingFault[] {
  const { token, tokenFile } = influx
  if (store !== 'influx' || (token === null) !== (tokenFile === null)) return []
  return [
    {
      key: 'WEIR_INFLUX_TOKEN_FILE',
      value: tokenFile ?? '',
      remedy:
        token === null
          ? 'WEIR_STORE=influx wants a token: name its file, as weir influx setup writes it'
          : 'WEIR_INFLUX_TOKEN is set too: keep one of the two',
    },
  ]
}

function wrongPair({ store, storeAlso }: Settings): SettingFault[] {
  if (storeAlso === null || (store !== 'influx' && store !== storeAlso)) return []
  return [
    {
      key: 'WEIR_STORE_ALSO',
      value: storeAlso,
      remedy: `does not go with WEIR_STORE=${store}: of the two, one is parquet and the other clickhouse`,
    },
  ]
}

/** Only one socket can receive at an address; port 0 is a free one. */
function sharedPorts({ netflow, ipfix, sflow }: Settings): SettingFault[] {
  const pairs = [
    ['WEIR_IPFIX', ipfix, 'WEIR_NETFLOW', netflow],
    ['WEIR_SFLOW', sflow, 'WEIR_NETFLOW', netflow],
    ['WEIR_SFLOW', sflow, 'WEIR_IPFIX', ipfix],
  ] as const
  return pairs
    .filter(([, one, , other]) => one.port !== 0 && endpointText(one) === endpointText(other))
    .map(([key, one, other]) => ({
      key,
      value: endpointText(one),
      remedy: `is ${other} too: give each a port of its own`,
    }))
}

interface SettingRule {
  reads: readonly string[]
  find: (settings: Settings) => SettingFault[]
}

/** A rule is skipped if a setting that it reads has a fault. */
export const settingRules: readonly SettingRule[] = [
  { reads: ['WEIR_HTTP', 'WEIR_PUBLISHED', 'WEIR_AUTH', 'WEIR_PROXIES'], find: exposure },
  { reads: ['WEIR_NETFLOW', 'WEIR_IPFIX', 'WEIR_SFLOW'], find: sharedPorts },
  { reads: ['WEIR_STORE'], find: missingToken },
  { reads: ['WEIR_STORE', 'WEIR_STORE_ALSO'], find: wrongPair },
]
