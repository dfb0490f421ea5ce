/**
 * Prepares InfluxDB: the first administrator, the buckets with their retention, one token that
 * reads and writes only these buckets, and one that only reads them. Whatever exists is left in
 * place.
 */
import type { Tier } from '../../flow/interval.ts'
import { bucketOf, retentionOf, type RetentionRule } from './buckets.ts'
import type { Connection } from './connection.ts'
import { InfluxFault } from './fault.ts'

interface Bucket {
  id: string
  name: string
  retentionRules: Partial<RetentionRule>[]
}

interface Permission {
  action: 'read' | 'write'
  resource: { type: string; id?: string; orgID?: string }
}

interface Authorization {
  id: string
  description: string
  status: string
  token?: string
  permissions: Permission[]
}

/** Whether this InfluxDB has not been set up yet. */
export async function isFresh(anyone: Connection): Promise<boolean> {
  const answer = (await anyone.request('/api/v2/setup')) as { allowed: boolean }
  return answer.allowed
}

interface Administrator {
  user: string
  password: string
  token: string
}

/** Sets up a fresh InfluxDB: its administrator, the organization, and the first bucket. */
export async function onboard(
  anyone: Connection,
  { user, password, token }: Administrator,
  { org, bucket, tier }: { org: string; bucket: string; tier: Tier },
): Promise<void> {
  await anyone.request('/api/v2/setup', {
    method: 'POST',
    body: JSON.stringify({
      username: user,
      password,
      token,
      org,
      bucket,
      retentionPeriodSeconds: tier.keepMs / 1000,
    }),
  })
}

/** The id of an organization, which is created if missing. */
export async function organization(admin: Connection, name: string): Promise<string> {
  const path = `/api/v2/orgs?${new URLSearchParams({ org: name }).toString()}`
  const found = (await admin.request(path).catch(noneIfMissing)) as Found<'orgs'> | null
  if (found?.orgs[0]) return found.orgs[0].id
  const body = JSON.stringify({ name })
  return ((await admin.request('/api/v2/orgs', { method: 'POST', body })) as { id: string }).id
}

type Found<Name extends string> = Record<Name, { id: string }[]>

function noneIfMissing(error: unknown): null {
  if (error instanceof InfluxFault && error.kind === 'missing') return null
  throw error
}

/** What was done to a bucket. */
interface BucketDone {
  id: string
  name: string
  done: 'made' | 'changed' | 'kept'
}

/** A bucket by its name in an organization, if this token can see it. A list would have a hundred at most. */
export async function findBucket(
  connection: Connection,
  query: { org: string; name: string } | { orgID: string; name: string },
): Promise<Bucket | undefined> {
  const parameters = new URLSearchParams(query).toString()
  const asked = connection.request(`/api/v2/buckets?${parameters}`)
  const found = (await asked.catch(noneIfMissing)) as { buckets: Bucket[] } | null
  return found?.buckets[0]
}

/** Creates the bucket of a tier, or sets it to the tier's retention. */
export async function provideBucket(
  admin: Connection,
  orgId: string,
  { prefix, tier }: { prefix: string; tier: Tier },
): Promise<BucketDone> {
  const name = bucketOf(prefix, tier)
  const rule = retentionOf(tier)
  const bucket = await findBucket(admin, { orgID: orgId, name })
  if (!bucket) {
    const body = JSON.stringify({ orgID: orgId, name, retentionRules: [rule] })
    const made = (await admin.request('/api/v2/buckets', { method: 'POST', body })) as Bucket
    return { id: made.id, name, done: 'made' }
  }
  const [given] = bucket.retentionRules
  if (
    given?.everySeconds === rule.everySeconds &&
    given.shardGroupDurationSeconds === rule.shardGroupDurationSeconds
  )
    return { id: bucket.id, name, done: 'kept' }
  await admin.request(`/api/v2/buckets/${bucket.id}`, {
    method: 'PATCH',
    body: JSON.stringify({ retentionRules: [rule] }),
  })
  return { id: bucket.id, name, done: 'changed' }
}

interface TokenWish {
  orgId: string
  /** Identifies the token. */
  description: string
  buckets: readonly string[]
  actions: readonly ('read' | 'write')[]
}

/**
 * A token limited to these actions on these buckets. `held` is the existing token, or ''; it is
 * returned if it still works and has exactly these permissions. InfluxDB stores only hashes of
 * tokens, so a lost one is replaced. A new one is given to `keep` before older ones are revoked:
 * if it cannot be kept, whoever uses an older one still can.
 */
export async function provideToken(
  admin: Connection,
  { orgId, description, buckets, actions }: TokenWish,
  held: { token: string; connection: Connection; keep: (token: string) => Promise<void> },
): Promise<string> {
  const query = new URLSearchParams({ orgID: orgId }).toString()
  const { authorizations } = (await admin.request(`/api/v2/authorizations?${query}`)) as {
    authorizations: Authorization[]
  }
  const wanted = buckets.flatMap((id) =>
    actions.map((action): Permission => ({
      action,
      resource: { type: 'buckets', id, orgID: orgId },
    })),
  )
  const same = authorizations.filter((each) => each.description === description)
  const fitting = same.filter(
    (each) => each.status === 'active' && isSame(each.permissions, wanted),
  )
  if (fitting.length === 1 && same.length === 1 && (await works(held))) return held.token
  const body = JSON.stringify({ orgID: orgId, description, permissions: wanted })
  const made = (await admin.request('/api/v2/authorizations', {
    method: 'POST',
    body,
  })) as Authorization
  await held.keep(made.token!)
  for (const { id } of same)
    await admin.request(`/api/v2/authorizations/${id}`, { method: 'DELETE' })
  return made.token!
}

function isSame(given: readonly Permission[], wanted: readonly Permission[]): boolean {
  const text = ({ action, resource }: Permission) =>
    `${action} ${resource.type} ${resource.id ?? ''}`
  const have = new Set(given.map(text))
  return have.size === wanted.length && wanted.every((each) => have.has(text(each)))
}

async function works({ token, connection }: { token: string; connection: Connection }) {
  if (token === '') return false
  try {
    await connection.request('/api/v2/buckets?limit=1')
    return true
  } catch (error) {
    if (error instanceof InfluxFault && error.kind === 'refused') return false
    throw error
  }
}
