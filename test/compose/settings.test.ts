/** Every setting named in the Compose files and .env.example exists. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { settingSpecs } from '../../flow/settings/specs.ts'

const files = [
  'docker-compose.yml',
  'docker-compose.parquet.yml',
  'docker-compose.clickhouse.yml',
  '.env.example',
]

for (const file of files)
  test(`${file} names only existing settings`, () => {
    const names = readFileSync(file, 'utf8').match(/\bWEIR_[A-Z_]+/g) ?? []
    assert.ok(names.length > 0)
    for (const name of names)
      assert.ok(
        name.startsWith('WEIR_COMPOSE_') || Object.hasOwn(settingSpecs, name.replace('WEIR_', '')),
        name,
      )
  })
