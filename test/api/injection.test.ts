/** SQL, Flux and shell strings in every parameter and in filters: always refused, never executed. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { openFlowStore } from '../../store/archive/query.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import '../drawn.ts'
import { archive, t0, testFlow } from '../store/archive/archived.ts'
import { appUnderTest, exporter } from './app-under-test.ts'

const cases = 20_000

/** The parameters of each route, with a valid value. */
const window = { from: String(t0 / 1000), to: String(t0 / 1000 + 600), tz: 'UTC', exporter, include: 'any', filter: 'host 10.0.0.22' } // prettier-ignore
const routes: Record<string, Record<string, string>> = {
  '/api/series': { ...window, measure: 'bits', by: 'host', top: '8', cf: 'average', points: '100', step: '60' }, // prettier-ignore
  '/api/top': { ...window, by: 'host', order: 'bytes', limit: '10', format: 'json' },
  '/api/flows': { ...window, order: 'first', limit: '10', format: 'json' },
  '/api/explain': { from: window.from, to: window.to, exporter },
  '/api/incidents': { from: window.from, to: window.to, exporter },
  '/api/report': { from: window.from, to: window.to, tz: 'UTC', exporter, format: 'md' },
  '/api/annotations': { from: window.from, to: window.to, tz: 'UTC' },
  '/api/trackers': {},
  '/api/status': {},
  '/api/exporters': {},
  '/api/dashboards': {},
  '/api/reports': {},
}
/** What a tracker, a saved filter, consists of: its name is text and may be anything. */
const tracker = { name: 'web', filter: 'port 443', from: window.from }

/** A file that would exist if any of it were executed. */
const canary = join(await scratchFolder(), 'executed')
/** None of these is a word, a number, an address or a time, alone or as a suffix. */
const attacks = [
  "' OR '1'='1",
  "'; DROP TABLE flows; --",
  '"; DROP TABLE flows; --',
  '1; SELECT 1',
  "') OR (1=1",
  ') OR 1=1 --',
  `'; COPY (SELECT 1) TO '${canary}'; --`,
  `; COPY (SELECT 1) TO '${canary}'`,
  `' UNION SELECT * FROM read_csv('/etc/passwd') --`,
  "' AND (SELECT count(*) FROM range(1000000000)) > 0 --",
  `"; ATTACH '${canary}' AS x; --`,
  "'; INSTALL httpfs; LOAD httpfs; --",
  "'; PRAGMA database_list; --",
  '$b1',
  '${b1}',
  '?',
  ':from',
  "'||chr(39)||'",
  "\\'; --",
  '/* */ 1=1',
  'UNION ALL SELECT NULL',
  'range(start: 0)',
  '") |> drop(columns: ["host"])',
  `|> to(bucket: "x")`,
  '`id`',
  `$(touch ${canary})`,
  `; touch ${canary}`,
  '%27 OR 1=1',
  '\u0000',
  '\r\nSet-Cookie: a=b',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '٣;',
  '＇ OR 1=1',
  "%' LIKE '%",
  'or 1=1',
  'and sleep(10)',
]

const attack = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...attacks) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...attacks), fc.string({ maxLength: 12 }))
      .map(([a, b]) => `${a}'${b}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...attacks), fc.constantFrom(...attacks))
      .map(([a, b]) => `${a};${b}`),
  },
)

test(`${cases} injections: always 400, never executed`, async (t) => {
  const folder = await scratchFolder()
  await archive(folder, [testFlow(), testFlow({ octets: 5 })])
  const flows = await openFlowStore(folder, { local: readSettings({}).local, heldRows: 0 })
  t.after(() => flows.close())
  const { app } = await appUnderTest(t, { options: { flows } })
  const ask = async (path: string, query: Record<string, string>) =>
    app.inject({ method: 'GET', url: `${path}?${new URLSearchParams(query).toString()}` })

  for (const [path, query] of Object.entries(routes)) {
    const answer = await ask(path, query)
    assert.equal(answer.statusCode, 200, `${path}: ${answer.body.slice(0, 300)}`)
  }
  const target = fc.constantFrom(
    ...Object.entries(routes).flatMap(([path, query]) =>
      [...Object.keys(query), ''].map((name) => ({ path, name })),
    ),
  )
  const forms = fc.constantFrom('alone', 'behind', 'name')
  const property = fc.asyncProperty(target, attack, forms, async ({ path, name }, text, form) => {
    const query = { ...routes[path]! }
    if (form === 'name' || name === '') query[`${name}${text}`] = '1'
    else query[name] = form === 'behind' ? `${query[name]} ${text}` : text
    const answer = await ask(path, query)
    assert.equal(
      answer.statusCode,
      400,
      `${path} ${name}=${query[name]}: ${answer.body.slice(0, 200)}`,
    )
    const { error } = answer.json<{ error: { code: string; message: string; remedy: string } }>()
    assert.ok(error.code && error.message && error.remedy)
  })
  await fc.assert(property, { numRuns: cases })
  const fields = fc.constantFrom('filter', 'from')
  const posted = fc.asyncProperty(fields, attack, fc.boolean(), async (name, text, isBehind) => {
    const payload = { ...tracker, [name]: isBehind ? `${tracker[name]} ${text}` : text }
    const answer = await app.inject({ method: 'POST', url: '/api/trackers', payload })
    assert.equal(answer.statusCode, 400, `${name} ${payload[name]}: ${answer.body.slice(0, 200)}`)
  })
  await fc.assert(posted, { numRuns: cases / 20 })

  assert.equal(existsSync(canary), false)
  const { total } = await flows.top({ from: t0, to: t0 + 1000, include: 'any', by: ['host'], order: 'bytes', limit: 10 }) // prettier-ignore
  assert.deepEqual({ ...total }, { bytes: 2010, packets: 40, flows: 4 })
})
