/**
 * Interface names by SNMP (IF-MIB, RFC 2863: ifName, ifAlias, ifHighSpeed), from the exporters
 * listed in the file of WEIR_SNMP. v2c and v3; polled hourly, one exporter after the other.
 */
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'

import snmp, { type Options, type Session, type User, type Varbind } from 'net-snmp'
import { parse as parseYaml } from 'yaml'

import { reasonOf } from '../../flow/reason.ts'
import type { InterfaceName } from '../../flow/status.ts'

const columns = {
  name: '1.3.6.1.2.1.31.1.1.1.1',
  speed: '1.3.6.1.2.1.31.1.1.1.15',
  alias: '1.3.6.1.2.1.31.1.1.1.18',
} as const
/** Interfaces kept per exporter; further ones get no name. */
const interfacesMax = 5000
const repetitions = 20
const timeoutMs = 2000
/** When an exporter is polled again: after an answer, and after a failure. */
const againMs = 3_600_000
const afterFailureMs = 600_000
const textLengthMax = 255
const bitsPerMegabit = 1_000_000

/** How to poll an exporter. */
type SnmpAccess =
  | { version: '2c'; community: string; port: number }
  | { version: '3'; user: User; port: number }

/** A file of WEIR_SNMP that cannot be used. */
export class SnmpFileError extends Error {
  readonly remedy: string

  constructor(fault: string, remedy: string, options?: ErrorOptions) {
    super(`WEIR_SNMP: ${fault}`, options)
    this.name = 'SnmpFileError'
    this.remedy = remedy
  }
}

const entryRemedy =
  'write { community } or { user, authProtocol: sha256, authKey, privProtocol: aes, privKey }'

/**
 * The file of WEIR_SNMP: `exporters:` by address, or `"*"` for all others; each `{community}` or
 * `{user, authProtocol, authKey, privProtocol, privKey}`, optionally with `port`.
 * @throws SnmpFileError naming the file, or the entry in it, that cannot be used
 */
export async function readSnmpFile(path: string): Promise<Map<string, SnmpAccess>> {
  const { exporters } = await readYaml(path)
  if (!isObject(exporters))
    throw new SnmpFileError(`${path} has no exporters`, 'write exporters: and an entry for each')
  const entries = Object.entries(exporters)
  return new Map(entries.map(([address, said]) => [address, accessOf(address, said)]))
}

async function readYaml(path: string): Promise<{ exporters?: unknown }> {
  try {
    const file: unknown = parseYaml(await readFile(path, 'utf8'))
    return isObject(file) ? file : {}
  } catch (error) {
    const reason = reasonOf(error)
    throw new SnmpFileError(`${path} cannot be read: ${reason}`, 'name a YAML file', {
      cause: error,
    })
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function accessOf(address: string, said: unknown): SnmpAccess {
  if (!isObject(said)) throw new SnmpFileError(`"${address}" is empty`, entryRemedy)
  const text = (name: string) => (typeof said[name] === 'string' ? said[name] : '')
  const port = typeof said['port'] === 'number' ? said['port'] : 161
  if (text('community') !== '') return { version: '2c', community: text('community'), port }
  const [authProtocol, privProtocol] = [text('authProtocol'), text('privProtocol')]
  const [auth, priv] = [snmp.AuthProtocols[authProtocol], snmp.PrivProtocols[privProtocol]]
  if (
    text('user') === '' ||
    (authProtocol !== '' && auth === undefined) ||
    (privProtocol !== '' && priv === undefined)
  )
    throw new SnmpFileError(`"${address}" has no usable community or user`, entryRemedy)
  const { noAuthNoPriv, authNoPriv, authPriv } = snmp.SecurityLevel
  const user: User = {
    name: text('user'),
    level: priv !== undefined ? authPriv : auth === undefined ? noAuthNoPriv : authNoPriv,
    ...(auth === undefined ? {} : { authProtocol: auth, authKey: text('authKey') }),
    ...(priv === undefined ? {} : { privProtocol: priv, privKey: text('privKey') }),
  }
  return { version: '3', user, port }
}

export class InterfaceNames {
  /** Why an exporter could not be polled, by address. */
  readonly problems = new Map<string, string>()
  readonly #access: ReadonlyMap<string, SnmpAccess>
  readonly #now: () => number
  readonly #known = new Map<string, Map<number, InterfaceName>>()
  readonly #askAgainMs = new Map<string, number>()
  #work: Promise<void> = Promise.resolve()

  constructor(access: ReadonlyMap<string, SnmpAccess>, now: () => number) {
    this.#access = access
    this.#now = now
  }

  /** An interface's name from the exporter's agent; null if unknown. */
  of(exporter: string, index: number): InterfaceName | null {
    return this.#known.get(exporter)?.get(index) ?? null
  }

  /** All interfaces that an exporter's agent has reported. */
  all(exporter: string): InterfaceName[] {
    return [...(this.#known.get(exporter)?.values() ?? [])]
  }

  /** Polls those of these exporters that are due, in the background. */
  wake(exporters: readonly string[]): Promise<void> {
    for (const exporter of exporters) {
      const access = this.#access.get(exporter) ?? this.#access.get('*')
      if (!access || (this.#askAgainMs.get(exporter) ?? 0) > this.#now()) continue
      this.#askAgainMs.set(exporter, this.#now() + againMs)
      this.#work = this.#work.then(() => this.#ask(exporter, access))
    }
    return this.#work
  }

  async #ask(exporter: string, access: SnmpAccess): Promise<void> {
    let session: Session | null = null
    try {
      session = openSession(exporter, access)
      // A broken socket fails the request too, which is handled there.
      session.on('error', () => undefined)
      const names = await walk(session, columns.name)
      const aliases = await walk(session, columns.alias)
      const speeds = await walk(session, columns.speed)
      const found = new Map<number, InterfaceName>()
      for (const index of new Set([...names.keys(), ...aliases.keys()]))
        found.set(index, {
          index,
          name: textOf(names.get(index)),
          alias: textOf(aliases.get(index)),
          speed: speedOf(speeds.get(index)),
        })
      this.#known.set(exporter, found)
      this.problems.delete(exporter)
    } catch (error) {
      this.problems.set(exporter, reasonOf(error))
      this.#askAgainMs.set(exporter, this.#now() + afterFailureMs)
    } finally {
      session?.close()
    }
  }
}

function openSession(exporter: string, access: SnmpAccess): Session {
  const options: Options = {
    port: access.port,
    timeout: timeoutMs,
    retries: 1,
    transport: isIPv6(exporter) ? 'udp6' : 'udp4',
  }
  return access.version === '3'
    ? snmp.createV3Session(exporter, access.user, { ...options, version: snmp.Version3 })
    : snmp.createSession(exporter, access.community, { ...options, version: snmp.Version2c })
}

/** The values of a column by interface. */
function walk(session: Session, column: string): Promise<Map<number, unknown>> {
  const values = new Map<number, unknown>()
  const take = (varbinds: Varbind[]) => {
    for (const varbind of varbinds) {
      const index = Number(varbind.oid.slice(column.length + 1))
      if (snmp.isVarbindError(varbind) || !Number.isInteger(index)) continue
      if (values.size < interfacesMax) values.set(index, varbind.value)
    }
  }
  return new Promise((resolve, reject) => {
    session.subtree(column, repetitions, take, (error) => (error ? reject(error) : resolve(values)))
  })
}

function textOf(value: unknown): string | null {
  const text = Buffer.isBuffer(value) ? value.toString('utf8') : ''
  const clean = text.replaceAll(/\p{Cc}/gu, '').trim()
  return clean === '' ? null : clean.slice(0, textLengthMax)
}

/** ifHighSpeed is in megabits per second. */
function speedOf(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value * bitsPerMegabit : null
}
