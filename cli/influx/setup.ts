/**
 * `weir influx setup`: makes InfluxDB ready for WEIR_STORE=influx. May be run again at any time.
 *
 * Reads WEIR_INFLUX_URL, WEIR_INFLUX_ORG, WEIR_INFLUX_PREFIX and WEIR_TIERS, and these options:
 *
 *     --tokens FOLDER               folder of the files below, unless named one by one (created, 0700)
 *     --admin-token-file FILE       FOLDER/admin.token: the administrator's token; created if
 *                                   missing, for an InfluxDB that is not set up yet
 *     --admin-password-file FILE    FOLDER/admin.password: the same, for a fresh InfluxDB only
 *     --admin-user NAME             weir: the same
 *     --ingest-token-file FILE      FOLDER/ingest.token: written; reads and writes the buckets
 *     --api-token-file FILE         FOLDER/api.token: written; reads the buckets
 *     --wait SECONDS                60: how long InfluxDB may take to answer
 *
 * Files are written with mode 0600. A token whose file exists and works is kept; a lost one is replaced
 * and revoked.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { Settings } from '../../flow/settings/settings.ts'
import { bucketOf } from '../../store/influx/buckets.ts'
import { checkVersion, Connection } from '../../store/influx/connection.ts'
import { InfluxFault } from '../../store/influx/fault.ts'
import {
  isFresh,
  onboard,
  organization,
  provideBucket,
  provideToken,
} from '../../store/influx/provision.ts'
import { CommandError, exitCodes, type CommandInput } from '../command.ts'
import { untilAnswered, waitSeconds } from '../wait.ts'

const secretBytes = 32

interface Files {
  adminToken: string
  adminPassword: string
  ingestToken: string
  apiToken: string
}

export async function influxSetup({ settings, values }: CommandInput): Promise<void> {
  const files = filesOf(values)
  const { url } = settings.influx
  const anyone = new Connection({ url, token: async () => '' })
  try {
    await untilAnswered(() => anyone.request('/health'), { seconds: waitSeconds(values['wait']) })
    const version = await anyone.version()
    checkVersion(version)
    console.log(`InfluxDB ${version || '(version unknown)'} at ${url}`)
    await setUpAdministrator(anyone, settings, {
      files,
      user: text(values['admin-user']) ?? 'weir',
    })
    await provide(settings, files)
  } catch (error) {
    if (error instanceof InfluxFault) throw new CommandError(explained(error, files))
    throw error
  }
}

function explained(fault: InfluxFault, { adminToken }: Files): string {
  return fault.kind === 'refused'
    ? `${fault.message}; ${adminToken} must hold a token that may create buckets and tokens`
    : `${fault.message}; ${fault.remedy}`
}

function filesOf(values: Record<string, unknown>): Files {
  const folder = text(values['tokens'])
  const file = (option: string, name: string) => {
    const path = text(values[option]) ?? (folder === null ? null : join(folder, name))
    if (path === null)
      throw new CommandError(`name --tokens FOLDER or --${option} FILE`, exitCodes.usage)
    return path
  }
  return {
    adminToken: file('admin-token-file', 'admin.token'),
    adminPassword: file('admin-password-file', 'admin.password'),
    ingestToken: file('ingest-token-file', 'ingest.token'),
    apiToken: file('api-token-file', 'api.token'),
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

async function setUpAdministrator(
  anyone: Connection,
  { influx, tiers }: Settings,
  { files, user }: { files: Files; user: string },
): Promise<void> {
  if (!(await isFresh(anyone))) return
  // The secrets are on disk before InfluxDB gets them: after a failure the same ones are used again.
  const token = await secret(files.adminToken)
  const password = await secret(files.adminPassword)
  const [tier] = tiers
  const bucket = bucketOf(influx.prefix, tier!)
  await onboard(anyone, { user, password, token }, { org: influx.org, bucket, tier: tier! })
  console.log(
    `administrator "${user}" created: token in ${files.adminToken}, password in ${files.adminPassword}`,
  )
}

/** A file's secret; a new one if the file is missing. */
async function secret(path: string): Promise<string> {
  const held = await heldIn(path)
  if (held !== '') return held
  const made = randomBytes(secretBytes).toString('base64url')
  await write(path, made)
  return made
}

async function provide({ influx, tiers }: Settings, files: Files): Promise<void> {
  const { url, org, prefix } = influx
  const adminToken = await heldIn(files.adminToken)
  if (adminToken === '')
    throw new CommandError(
      `this InfluxDB is set up already, and ${files.adminToken} holds no token: ` +
        'put one there that may create buckets and tokens (influx auth create --operator)',
    )
  const admin = new Connection({ url, token: async () => adminToken })
  const orgId = await organization(admin, org)
  const buckets: string[] = []
  for (const tier of tiers) {
    const { id, name, done } = await provideBucket(admin, orgId, { prefix, tier })
    buckets.push(id)
    console.log(`bucket ${name}: ${done}, keeps ${tier.keepMs / 86_400_000} days`)
  }
  const tokens = [
    { path: files.ingestToken, name: 'ingest', actions: ['read', 'write'] as const },
    { path: files.apiToken, name: 'api', actions: ['read'] as const },
  ]
  for (const { path, name, actions } of tokens) {
    const description = `Weir ${name}: ${prefix}`
    const held = await heldIn(path)
    const token = await provideToken(
      admin,
      { orgId, description, buckets, actions },
      {
        token: held,
        connection: new Connection({ url, token: async () => held }),
        keep: (made) => write(path, made),
      },
    )
    console.log(`token of ${name}: ${token === held ? 'kept' : 'made'}, in ${path}`)
  }
}

async function heldIn(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** Writes a secret completely or not at all; only its owner may read it. */
async function write(path: string, value: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(`${path}.part`, 'w', 0o600)
  await file.chmod(0o600)
  await file.writeFile(`${value}\n`)
  await file.sync()
  await file.close()
  await rename(`${path}.part`, path)
}
