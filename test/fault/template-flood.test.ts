import assert from 'node:assert/strict'
import { test } from 'node:test'

import { floodTemplates } from './template-flood.ts'

test('50,000 templates in 3 s from 50 spoofed sources: bounded memory, the honest exporter loses nothing', async (t) => {
  const figures = await floodTemplates({ sources: 50, seconds: 3 })
  t.diagnostic(JSON.stringify(figures))
  assert.ok(figures.grownMiB <= 64, `${figures.grownMiB} MiB`)
})
