/** What may be cached, and that a cached answer is the same in every encoding. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { appUnderTest } from './app-under-test.ts'

const noon = Date.UTC(2026, 10, 16, 12)
const window = `from=${noon / 1000}&to=${noon / 1000 + 600}`

suite('caching', () => {
  test('closed time may be cached for a while, time that ends now may not', async (t) => {
    const { app } = await appUnderTest(t)
    const closed = await app.inject(`/api/series?${window}`)
    assert.match(String(closed.headers['cache-control']), /^private, max-age=\d+$/)
    for (const open of [
      'from=now-1h',
      'from=now-2d&to=now-1d',
      `from=${Date.now() / 1000 - 60}&to=${(Date.now() / 1000).toFixed(0)}`,
    ]) {
      const { headers } = await app.inject(`/api/series?${open}`)
      assert.equal(headers['cache-control'], 'private, no-cache')
    }
    assert.equal((await app.inject('/api/status')).headers['cache-control'], 'no-store')
  })

  test('an unchanged answer is a 304', async (t) => {
    const { app } = await appUnderTest(t)
    const first = await app.inject(`/api/series?${window}`)
    const etag = String(first.headers.etag)
    const again = await app.inject({
      url: `/api/series?${window}`,
      headers: { 'if-none-match': etag },
    })
    assert.equal(again.statusCode, 304)
    assert.equal(again.body, '')
    const other = await app.inject(`/api/series?${window}&measure=packets`)
    assert.notEqual(other.headers.etag, etag)
  })

  test('HEAD tells the same as GET', async (t) => {
    const { app } = await appUnderTest(t)
    for (const url of [`/api/series?${window}`, '/api/exporters']) {
      const [get, head] = [await app.inject(url), await app.inject({ method: 'HEAD', url })]
      for (const name of ['etag', 'cache-control', 'content-length', 'content-type'])
        assert.equal(head.headers[name], get.headers[name], `${name} of ${url}`)
      assert.equal(head.body, '')
      const headers = { 'if-none-match': String(get.headers.etag) }
      assert.equal((await app.inject({ method: 'HEAD', url, headers })).statusCode, 304)
    }
  })

  test('HEAD of a report makes no report, and has no length', async (t) => {
    const { app } = await appUnderTest(t)
    const url = `/api/report?${window}&format=`
    const { statusCode, headers } = await app.inject({ method: 'HEAD', url: `${url}md` })
    assert.deepEqual([statusCode, headers['content-length']], [200, undefined])
    assert.match(String(headers['content-type']), /^text\/markdown/)
    assert.equal((await app.inject({ method: 'HEAD', url: `${url}none` })).statusCode, 400)
  })

  test('long answers are compressed', async (t) => {
    const { app } = await appUnderTest(t)
    const headers = { 'accept-encoding': 'gzip' }
    const url = `/api/series?from=${noon / 1000 - 86_400}&to=${noon / 1000}`
    const response = await app.inject({ url, headers })
    assert.equal(response.headers['content-encoding'], 'gzip')
    const answer = JSON.parse(gunzipSync(response.rawPayload).toString()) as SeriesAnswer
    assert.equal(answer.time.length, 288)
  })

  test('a cached answer is the same in every encoding, and compressed once', async (t) => {
    const { app } = await appUnderTest(t)
    const url = `/api/series?from=${noon / 1000 - 86_400}&to=${noon / 1000}`
    const ask = async (headers: Record<string, string>) => {
      const { statusCode, headers: told, rawPayload } = await app.inject({ url, headers })
      return { status: statusCode, told, bytes: rawPayload }
    }
    const plain = await ask({})
    assert.equal(plain.told['content-encoding'], undefined)
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync }
    for (const [accepted, encoding] of [
      ['gzip, deflate, br', 'br'],
      ['gzip', 'gzip'],
      ['deflate, gzip;q=0.5', 'deflate'],
      ['identity', undefined],
    ] as const)
      for (let time = 0; time < 2; time++) {
        const { status, told, bytes } = await ask({ 'accept-encoding': accepted })
        assert.equal(status, 200)
        assert.equal(told['content-encoding'], encoding, accepted)
        assert.equal(told['etag'], plain.told['etag'])
        if (encoding === undefined) assert.deepEqual(bytes, plain.bytes)
        if (encoding === undefined || encoding === 'deflate') continue
        assert.equal(told['content-length'], String(bytes.length))
        assert.equal(told['vary'], 'accept-encoding')
        assert.deepEqual(unpack[encoding](bytes), plain.bytes)
      }
    const refused = await ask({ 'accept-encoding': 'br', 'x-no-compression': '1' })
    assert.deepEqual(refused.bytes, plain.bytes)
    const tag = String(plain.told['etag'])
    assert.equal((await ask({ 'accept-encoding': 'br', 'if-none-match': tag })).status, 304)
  })
})
