/** The ClickHouse settings, used when series and flows are stored there. */
import { httpUrl, list, nonEmpty, optional, setting } from './values.ts'

/** How to connect to ClickHouse, and as which user. */
export interface ClickHouseSettings {
  /** Any nodes; the first one that responds is used. */
  urls: readonly string[]
  user: string
  passwordFile: string | null
  database: string
  /** The cluster's name in ClickHouse's own configuration; null for a single server. */
  cluster: string | null
  /** The name of this collector in the rows it writes: unique and permanent. */
  writer: string
  /** The most bytes of series that may wait on disk for ClickHouse. */
  spoolMaxBytes: number
}

/** Rows of the settings table (specs.ts). */
export const clickHouseSpecs = {
  CLICKHOUSE_URL: setting(
    'addresses of ClickHouse nodes (HTTP), comma-separated: the first that answers is asked',
    'http://127.0.0.1:8123',
    httpUrls,
    'write http://HOST:8123 or https://HOST:8443, comma-separated, with no name or password in them',
  ),
  CLICKHOUSE_USER: setting('user in ClickHouse', 'default', nonEmpty, 'name a user'),
  CLICKHOUSE_PASSWORD_FILE: setting('file that holds the password of that user', '', optional, ''),
  CLICKHOUSE_DATABASE: setting(
    'database in ClickHouse',
    'weir',
    identifier,
    'write a letter, then letters, digits or _, such as weir',
  ),
  CLICKHOUSE_CLUSTER: setting(
    'name of the cluster in ClickHouse; empty for a single server',
    '',
    (text) => (text.trim() === '' ? '' : identifier(text)),
    'write a letter, then letters, digits or _, as <remote_servers> names it',
  ),
  WRITER: setting(
    'name of this collector, under which it writes to ClickHouse, never to be changed',
    'weir',
    identifier,
    'write a letter, then letters, digits or _, such as weir1',
  ),
}

function httpUrls(text: string): string[] | null {
  const urls = list(text).map((each) => httpUrl(each))
  return urls.length === 0 || urls.includes(null) ? null : (urls as string[])
}

/** A valid name for a database, a cluster or a writer. */
function identifier(text: string): string | null {
  return /^[a-zA-Z][a-zA-Z0-9_]{0,39}$/.test(text.trim()) ? text.trim() : null
}
