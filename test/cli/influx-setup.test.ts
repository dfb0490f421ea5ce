import assert from 'node:assert/strict'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { RunningInfluxd } from '../influxd.ts'
import { runWeir } from '../processes.ts'
import { skipWithoutInfluxd } from '../setup/influxd.ts'

const names = ['admin.token', 'admin.password', 'ingest.token', 'api.token']

describe('weir influx setup', { skip: skipWithoutInfluxd() }, () => {
  let influxd: RunningInfluxd
  const held = async (name: string) => (await readFile(join(influxd.tokens, name), 'utf8')).trim()
  const setUp = (environment: Record<string, string> = {}) =>
    runWeir(['influx', 'setup', '--tokens', influxd.tokens], {
      WEIR_INFLUX_URL: influxd.url,
      // As for a user who sets up before the first start, and has no token yet.
      WEIR_STORE: 'influx',
      ...environment,
    })
  /** The status of a request with the token in a file. */
  const ask = async (name: string, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Token ${await held(name)}` }
    return fetch(influxd.url + path, { ...init, headers })
  }
  const write = async (name: string, bucket: string) => {
    const path = `/api/v2/write?org=weir&bucket=${bucket}&precision=s`
    return (await ask(name, path, { method: 'POST', body: 'canary written=1i' })).status
  }
  const bucketsOf = async (name: string) => {
    const answer = (await (await ask(name, '/api/v2/buckets')).json()) as {
      buckets: { name: string; retentionRules: Record<string, unknown>[] }[]
    }
    return answer.buckets
      .filter((bucket) => !bucket.name.startsWith('_'))
      .map((bucket) => [bucket.name, bucket.retentionRules[0]!['everySeconds']])
      .sort()
  }
  before(async () => {
    influxd = await RunningInfluxd.start()
  })
  after(() => influxd.remove())

  test('sets up a fresh InfluxDB: buckets with retention, and tokens with minimal permissions', async () => {
    const { code, stderr } = await setUp()
    assert.equal(code, 0, stderr)
    const day = 86_400
    assert.deepEqual(await bucketsOf('admin.token'), [
      ['weir_1d', 3650 * day],
      ['weir_2h', 3 * 365 * day],
      ['weir_30m', 365 * day],
      ['weir_5m', 90 * day],
    ])
    for (const name of names)
      assert.equal((await stat(join(influxd.tokens, name))).mode & 0o777, 0o600, name)
    await ask('admin.token', '/api/v2/buckets', {
      method: 'POST',
      body: JSON.stringify({
        orgID: await organizationOf(),
        name: 'elsewhere',
        retentionRules: [],
      }),
    })
    assert.equal(await write('ingest.token', 'weir_5m'), 204)
    assert.equal(await write('ingest.token', 'elsewhere'), 403)
    assert.equal(await write('api.token', 'weir_5m'), 403)
    assert.equal((await bucketsOf('ingest.token')).length, 4)
    assert.equal((await bucketsOf('api.token')).length, 4)
  })

  test('again: nothing changes', async () => {
    const before = await Promise.all(names.map(held))
    const { code, stdout, stderr } = await setUp()
    assert.equal(code, 0, stderr)
    assert.match(stdout, /weir_5m: kept[^]*ingest: kept[^]*api: kept/)
    assert.deepEqual(await Promise.all(names.map(held)), before)
  })

  test('a lost token is replaced and revoked; changed tiers change the retention', async () => {
    const lost = await held('ingest.token')
    await rm(join(influxd.tokens, 'ingest.token'))
    const { code, stdout, stderr } = await setUp({ WEIR_TIERS: '5m:30d 30m:1y 2h:3y 1d:10y' })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /weir_5m: changed, keeps 30 days[^]*ingest: made[^]*api: kept/)
    assert.equal(await write('ingest.token', 'weir_5m'), 204)
    const answer = await fetch(`${influxd.url}/api/v2/buckets`, {
      headers: { authorization: `Token ${lost}` },
    })
    assert.equal(answer.status, 401)
  })

  test('a token stays valid until the one that replaces it is in its file', async () => {
    const obstacle = join(influxd.tokens, 'ingest.token.part')
    await mkdir(obstacle)
    const fewer = { WEIR_TIERS: '5m:30d 30m:1y' }
    const { code, stderr } = await setUp(fewer)
    assert.equal(code, 1)
    assert.match(stderr, /ingest\.token\.part/)
    assert.equal(await write('ingest.token', 'weir_2h'), 204)
    await rm(obstacle, { recursive: true })
    assert.equal((await setUp(fewer)).code, 0)
    assert.equal(await write('ingest.token', 'weir_2h'), 403)
    assert.equal(await write('ingest.token', 'weir_5m'), 204)
  })

  test('a wrong administrator token gives one clear line', async () => {
    const path = join(influxd.folder, 'wrong.token')
    await writeFile(path, 'wrong\n')
    const args = ['influx', 'setup', '--tokens', influxd.tokens, '--admin-token-file', path]
    const { code, stderr } = await runWeir(args, { WEIR_INFLUX_URL: influxd.url })
    assert.equal(code, 1)
    assert.match(stderr, /^weir: InfluxDB: 401 .*wrong\.token must hold a token.*\n$/)
  })

  test('nobody there: one line, after the given time', async () => {
    const args = ['influx', 'setup', '--tokens', influxd.tokens, '--wait', '1']
    const { code, stderr } = await runWeir(args, { WEIR_INFLUX_URL: 'http://127.0.0.1:1' })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^weir: InfluxDB: no answer \(ECONNREFUSED\); see that InfluxDB runs and .*\n$/,
    )
  })

  test('check writes and reads back, and reports what is wrong', async () => {
    const tokenFile = (name: string) => ({
      WEIR_INFLUX_URL: influxd.url,
      WEIR_INFLUX_TOKEN_FILE: join(influxd.tokens, name),
    })
    const good = await runWeir(['influx', 'check'], tokenFile('ingest.token'))
    assert.equal(good.code, 0, good.stderr)
    const bad = await runWeir(['influx', 'check'], tokenFile('api.token'))
    assert.equal(bad.code, 1)
    assert.match(bad.stderr, /^weir: InfluxDB: 403 .*weir influx setup.*\n$/)
    const missing = await runWeir(['influx', 'check'], tokenFile('nothing.here'))
    assert.equal(missing.code, 64)
    assert.match(missing.stderr, /^weir: WEIR_INFLUX_TOKEN_FILE=.*cannot be read \(ENOENT\).*\n$/)
  })

  async function organizationOf(): Promise<string> {
    const answer = await ask('admin.token', '/api/v2/orgs?org=weir')
    return ((await answer.json()) as { orgs: { id: string }[] }).orgs[0]!.id
  }
})
