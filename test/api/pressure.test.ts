/** How the API answers when overloaded. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { pino } from 'pino'

import { scratchFolder } from '../processes.ts'
import { appUnderTest } from './app-under-test.ts'

/** The longest interval between two samples of the loop. */
const sampleMs = 6000

test('an overloaded API says so, and the page is served all the same', async (t) => {
  const pageFolder = await scratchFolder()
  await writeFile(join(pageFolder, 'index.html'), '<title>Weir</title>')
  // Any loop lags more than this.
  const logged: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) })
  const { app } = await appUnderTest(t, { options: { pageFolder, lagMaxMs: 1e-6, log } })
  await app.ready()
  for (const end = performance.now() + sampleMs; performance.now() < end;) await sleep(1)
  for (const url of ['/api/status', '/API/top', '/%61pi/series']) {
    const refused = await app.inject(url)
    assert.equal(refused.statusCode, 503, url)
    assert.equal(refused.json<{ error: { code: string } }>().error.code, 'busy')
    assert.equal(refused.headers['retry-after'], '5')
    const [line, ...more] = logged.splice(0)
    assert.deepEqual([more, /"level":40.*the API is overloaded/.test(line!)], [[], true], line)
    assert.doesNotMatch(line!, /stack/)
  }
  const page = await app.inject({ url: '/?from=now-1d', headers: { accept: 'text/html' } })
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /Weir/)
})
