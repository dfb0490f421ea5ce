/** The console settings: who has access, where alerts go, where names come from. */
import { parseAddress } from '../address.ts'
import { endpoint, list, networks, oneOf, optional, setting } from './values.ts'

const authWords = ['password', 'proxy', 'none'] as const
type Auth = (typeof authWords)[number]

/** Rows of the settings table (specs.ts). */
export const consoleSpecs = {
  AUTH: setting(
    'who may ask: password (a login), proxy (a header of WEIR_PROXIES), none (who reaches the port)',
    '',
    oneOf(...authWords),
    'write password, proxy, or none (who reaches the port may read and change everything)',
  ),
  MASK: setting(
    'roles that are told networks instead of hosts: viewer, wall, or both, comma-separated',
    '',
    (text) => maskedRoles(list(text)),
    'write viewer, wall, or both',
  ),
  PASSWORD_FILE: setting('file that holds the password of the user admin', '', optional, ''),
  PROXIES: setting(
    'networks of the proxies in front, whose X-Forwarded-For and user header are believed',
    '',
    (text) => (text === '' ? null : networks(text)),
    'write networks as CIDR, comma-separated, such as 127.0.0.1/32',
  ),
  PROXY_USER_HEADER: setting(
    'header in which a trusted proxy names the user, for WEIR_AUTH=proxy',
    'remote-user',
    (text) => (/^[a-z0-9-]{1,64}$/i.test(text) ? text.toLowerCase() : null),
    'write the name of a header, such as remote-user',
  ),
  PROXY_ADMINS: setting('users whom a proxy names that are admin, comma-separated', '', list, ''),
  MAIL_SERVER: setting(
    'server that takes mail for alerts: smtp://[USER@]HOST[:PORT], or smtps://',
    '',
    mailServer,
    'write smtp://HOST:25, or smtps://USER@HOST:465 with WEIR_MAIL_PASSWORD_FILE',
  ),
  MAIL_PASSWORD_FILE: setting(
    'file that holds the password for WEIR_MAIL_SERVER',
    '',
    optional,
    '',
  ),
  MAIL_FROM: setting(
    'sender of the mail of alerts',
    'weir@localhost',
    (text) => (/^[^\s@<>]+@[^\s@<>]+$/.test(text) ? text : null),
    'write an address, such as weir@example.org',
  ),
  WEBHOOK_NETWORKS: setting(
    'networks that are not public and that webhooks of alerts may reach all the same',
    '',
    (text) => (text === '' ? null : networks(text)),
    'write networks as CIDR, comma-separated, such as 10.0.5.7/32',
  ),
  ALERT_SCRIPT: setting(
    'program that alerts may run; gets the alert as JSON on stdin',
    '',
    optional,
    '',
  ),
  DNS: setting(
    'whose names are asked of DNS: private (only addresses that nobody else has), all, off',
    'private',
    oneOf('private', 'all', 'off'),
    'write private, all (which tells the resolver whom you look at) or off',
  ),
  DNS_SERVERS: setting(
    'resolvers for names of hosts; default the system',
    '',
    resolvers,
    'write addresses, comma-separated, such as 10.0.0.1 or [2001:db8::1]:53',
  ),
  SNMP: setting('YAML file that says how to ask exporters for their interfaces', '', optional, ''),
  AS_FILE: setting('MMDB file of autonomous systems', '', optional, ''),
  COUNTRY_FILE: setting('MMDB file of countries', '', optional, ''),
} as const

function resolvers(text: string): string[] | null {
  const addresses = list(text)
  const isAddress = (each: string) => parseAddress(endpoint(each)?.host ?? each) !== null
  return addresses.every(isAddress) ? addresses : null
}

/** Roles for which data can be masked. */
type MaskedRole = 'viewer' | 'wall'

function maskedRoles(words: readonly string[]): MaskedRole[] | null {
  const roles = words.filter((word) => word === 'viewer' || word === 'wall')
  return roles.length === words.length ? roles : null
}

/** Sources of names other than WEIR_NAMES. */
export interface NamingSettings {
  dns: 'private' | 'all' | 'off'
  dnsServers: string[]
  snmpFile: string | null
  asFile: string | null
  countryFile: string | null
}

/** How alerts are sent. */
export interface AlertSettings {
  mailServer: string | null
  mailPasswordFile: string | null
  mailFrom: string
  webhookNetworks: ReturnType<typeof networks>
  script: string | null
}

function mailServer(text: string): string | null {
  if (!URL.canParse(text)) return null
  const { protocol, hostname, password, pathname } = new URL(text)
  const isPlain = password === '' && ['', '/'].includes(pathname) && hostname !== ''
  return isPlain && ['smtp:', 'smtps:'].includes(protocol) ? text : null
}

/** How the API authenticates users. */
export interface AccessSettings {
  /** null: not set, which means `none` on loopback. */
  auth: Auth | null
  passwordFile: string | null
  /** Roles that see networks instead of hosts. */
  mask: MaskedRole[]
  /** null: no proxy. */
  proxies: ReturnType<typeof networks>
  proxyUserHeader: string
  proxyAdmins: string[]
}
