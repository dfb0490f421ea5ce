/** The process, the page, the description of the API, and its schemas. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import AjvCompiler from '@fastify/ajv-compiler'
import { pino } from 'pino'

import { access } from '../../api/access/rules.ts'
import { runApi } from '../../api/main.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { StatusAnswer } from '../../api/schema/status.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { appUnderTest } from './app-under-test.ts'

suite('the process', () => {
  test('answers without any data, and reports a taken address', async () => {
    const data = join(tmpdir(), `weir-api-none-${process.pid}`)
    const log = pino({ level: 'silent' })
    const api = await runApi(readSettings({ WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' }), log)
    const answer = await fetch(`${api.url}/api/status`)
    assert.equal(answer.status, 200)
    const { archive, ingest } = (await answer.json()) as StatusAnswer
    assert.equal(archive.rows, 0)
    assert.equal(ingest, null)
    const series = (await (await fetch(`${api.url}/api/series`)).json()) as SeriesAnswer
    assert.equal(series.series[0]!.summary.average, null)
    const taken = readSettings({ WEIR_DATA: data, WEIR_HTTP: new URL(api.url).host })
    await assert.rejects(runApi(taken, log), {
      message: /WEIR_HTTP="127\.0\.0\.1:\d+"/,
      remedy: /another address or port/,
    })
    await api.close()
    await assert.rejects(fetch(api.url))
  })
})

suite('the page and the description', () => {
  test('the description names every route and parameter', async (t) => {
    const { get, app } = await appUnderTest(t)
    const { paths } = await get<{ paths: Record<string, { get: { parameters?: { name: string }[] } }> }>('/api/docs/json') // prettier-ignore
    const described = new Set(
      Object.keys(paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1')),
    )
    for (const path of described)
      assert.ok(
        Object.keys(access).some((route) => route.endsWith(` ${path}`)),
        path,
      )
    for (const name of ['exporters', 'flows', 'series', 'status', 'top'])
      assert.ok(described.has(`/api/${name}`), name)
    assert.ok(paths['/api/series']!.get.parameters!.some(({ name }) => name === 'points'))
    const page = await app.inject('/api/docs')
    assert.match(String(page.headers['content-type']), /text\/html/)
    assert.match(page.body, /GET \/api\/series/)
    assert.doesNotMatch(page.body, /<script|style=|https?:\/\//)
  })

  test('the description has tuples and media types as OpenAPI 3.1 does', async (t) => {
    const { get } = await appUnderTest(t)
    interface Described {
      paths: Record<string, { get: { responses: { 200: { content: Record<string, unknown> } } } }>
    }
    const described = await get<Described>('/api/docs/json')
    assert.doesNotMatch(JSON.stringify(described), /"items":\[|additionalItems/)
    assert.match(JSON.stringify(described), /"prefixItems":\[/)
    const types = (path: string) =>
      Object.keys(described.paths[path]!.get.responses[200].content).join(' ')
    assert.equal(types('/api/top'), 'application/json text/csv')
    assert.equal(
      types('/api/flows'),
      'application/json text/csv application/x-ndjson application/vnd.apache.parquet',
    )
    assert.equal(
      types('/api/report'),
      'text/html text/markdown image/svg+xml application/pdf image/png',
    )
  })

  test('views are the page, files are files, and nothing else is served', async (t) => {
    const folder = await scratchFolder()
    await mkdir(join(folder, 'page', 'assets'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'secret')
    await writeFile(join(folder, 'page', 'index.html'), '<title>Weir</title>')
    await writeFile(join(folder, 'page', 'assets', 'main-1a2b.js'), 'start()')
    const pageFolder = join(folder, 'page')
    const { app } = await appUnderTest(t, { options: { pageFolder } })
    const headers = { accept: 'text/html,*/*' }
    for (const url of ['/', '/wall/lobby', '/?from=now-1d', '/host/10.0.0.22?by=port']) {
      const response = await app.inject({ url, headers })
      assert.equal(response.statusCode, 200, url)
      assert.match(response.body, /Weir/)
      assert.equal(response.headers['cache-control'], 'no-cache')
    }
    const asset = await app.inject('/assets/main-1a2b.js')
    assert.match(String(asset.headers['cache-control']), /immutable/)
    await writeFile(join(folder, 'page', 'assets', 'main-3c4d.js'), 'startAnew()')
    const built = await app.inject('/assets/main-3c4d.js')
    assert.equal(built.body, 'startAnew()', 'a page built while the API runs')
    for (const url of [
      '/secret.txt',
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '/assets/none.js',
    ]) {
      const response = await app.inject(url)
      assert.doesNotMatch(response.body, /secret$/, url)
      assert.ok(response.statusCode >= 400, `${url} ${response.statusCode}`)
    }
  })
})

test('the schema of every route can be compiled, which happens only when a request needs it', async (t) => {
  const { app } = await appUnderTest(t, { options: { validators: AjvCompiler() } })
  await app.ready()
})
