import assert from 'node:assert/strict'
import { test } from 'node:test'

import { floodTemplates } from './template-flood.ts'

test('a million templates in 60 s from 1,000 spoofed sources: bounded memory, the honest exporter loses nothing', async (t) => {
  const figures = await floodTemplates({ sources: 1000, seconds: 60 })
  t.diagnostic(JSON.stringify(figures))
  assert.ok(figures.grownMiB <= 64, `${figures.grownMiB} MiB`)
  assert.ok(figures.evicted >= figures.templates - 16_384 * 2)
})

test('the same with data for each template: the honest exporter loses nothing', async (t) => {
  t.diagnostic(JSON.stringify(await floodTemplates({ sources: 300, seconds: 60, withData: true })))
})
