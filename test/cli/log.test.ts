/** A line of the log says why something failed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const place = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

test('the system’s words stand alone, and our own errors have their place in the code', () => {
  const script = `
    import { readFileSync } from 'node:fs'
    import { createLog } from ${place('../../cli/log.ts')}
    import { readSettings } from ${place('../settings.ts')}
    const log = createLog(readSettings({}), 'ingest')
    try { readFileSync('/nowhere') } catch (error) { log.error({ error }, 'failed') }
    log.error({ error: new RangeError('beyond') }, 'failed')
    log.error({ error: 'refused' }, 'failed')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  const lines = stderr.trim().split('\n')
  const [ofSystem, own, text] = lines.map((line) => (JSON.parse(line) as { error: unknown }).error)
  assert.equal(ofSystem, "ENOENT: no such file or directory, open '/nowhere'")
  const { message, stack } = own as { message: string; stack: string }
  assert.equal(message, 'beyond')
  assert.match(stack, /RangeError: beyond\n/)
  assert.equal(text, 'refused')
})
