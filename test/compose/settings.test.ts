/** A setting that stands in .env reaches the containers; one that a Compose file does not name does not. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { parse } from 'yaml'

import { settingSpecs } from '../../flow/setting-specs.ts'

/** In the containers there is one data folder, one organization, and no secret in the environment. */
const fixed = ['DATA', 'INFLUX_TOKEN']
const ofInflux = /^(STORE|INFLUX_.*|SPOOL_MAX)$/

const files: [file: string, isLeftOut: (name: string) => boolean][] = [
  ['docker-compose.yml', (name) => fixed.includes(name)],
  ['docker-compose.parquet.yml', (name) => fixed.includes(name) || ofInflux.test(name)],
]

for (const [file, isLeftOut] of files)
  test(`${file} hands on every setting`, () => {
    const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as {
      services: Record<string, { environment?: Record<string, unknown> }>
    }
    const handed = new Set(
      Object.values(services).flatMap(({ environment = {} }) => Object.keys(environment)),
    )
    for (const name of Object.keys(settingSpecs))
      assert.equal(handed.has(`WEIR_${name}`), !isLeftOut(name), `WEIR_${name}`)
    for (const name of handed)
      if (name.startsWith('WEIR_'))
        assert.ok(Object.hasOwn(settingSpecs, name.slice('WEIR_'.length)), `${name} is no setting`)
  })
