/** Which addresses a webhook may reach. */
import { NetworkSet, parseNetwork, type Network } from './address.ts'

/** Networks that webhooks cannot reach unless the settings allow it: private, local, reserved and multicast. */
const closedNetworks = new NetworkSet(
  [
    '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12',
    '192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3', '::/127', 'fc00::/7',
    'fe80::/10', 'ff00::/8', '64:ff9b::/96', '2002::/16',
  ].map((text): Network => parseNetwork(text)!), // prettier-ignore
)

/** Whether webhooks cannot reach an address; `open` are the networks of the settings that they can. */
export function isClosed(address: string, open: NetworkSet | null): boolean {
  return closedNetworks.hasText(address) && !open?.hasText(address)
}
