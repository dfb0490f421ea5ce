/** Detects a decoder that has become several times slower; figures are those of `npm run bench`. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

import type { DecodeSpeed } from '../../bench/decode-speed.ts'

/**
 * Millions of records per second of CPU time: a quarter of what a core does while a dozen other
 * programs run.
 */
const least = { v5: 8, v9: 7, ipfix: 5 }

for (const [version, speed] of Object.entries(least))
  test(`${version} from memory`, (t) => {
    const runner = join(import.meta.dirname, '../../bench/decode-run.ts')
    const output = execFileSync(process.execPath, [runner, version, '120'], { encoding: 'utf8' })
    const { best, median } = JSON.parse(output) as DecodeSpeed
    t.diagnostic(`${best.toFixed(1)} M records a second, ${median.toFixed(1)} in the middle`)
    assert.ok(best > speed, `${best} M records a second`)
  })
