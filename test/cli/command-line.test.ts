/** The command line itself: what it prints where, and with which exit code. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { runWeir, scratchFolder } from '../processes.ts'

test('help and version are on standard output', async () => {
  for (const asked of ['help', '--help', '-h']) {
    const { code, stdout, stderr } = await runWeir([asked], {})
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^usage: weir COMMAND/)
  }
  const { code, stdout } = await runWeir(['--version'], {})
  assert.equal(code, 0)
  assert.match(stdout, /^weir \d+\.\d+\.\d+\n$/)
})

test('an unknown command is named, and nothing is on standard output', async () => {
  const { code, stdout, stderr } = await runWeir(['satrt'], {})
  assert.deepEqual([code, stdout], [64, ''])
  assert.match(stderr, /^weir: there is no command "satrt"\nusage: weir COMMAND/)
})

test('--check reads the file of names', async () => {
  const names = join(await scratchFolder(), 'names.yaml')
  await writeFile(names, 'networks: { 10.0.0.0/33: office }\n')
  const { code, stderr } = await runWeir(['start', '--check'], { WEIR_NAMES: names })
  assert.equal(code, 64)
  assert.match(stderr, /^weir: WEIR_NAMES="[^"]+": networks: "10\.0\.0\.0\/33": write CIDR/)
})

test('--check lists the faults of environment, file and named files at once, each with its place', async () => {
  const folder = await scratchFolder()
  const config = join(folder, 'weir.yaml')
  await writeFile(config, 'WEIR_TOP: many\nWEIR_TIERS: 7m:1y\nTOP: 5\n')
  const { code, stdout, stderr } = await runWeir(['ingest', '--check', '--config', config], {
    WEIR_TIERS: '5m',
    WEIR_HTTP: '0.0.0.0:8080',
    WEIR_NAMES: join(folder, 'none.yaml'),
  })
  assert.deepEqual([code, stdout], [64, ''])
  const places = stderr.match(/(?<=^weir: ).*?="/gm)?.toSorted()
  assert.deepEqual(places, [
    `${config}: TOP="`,
    `${config}: WEIR_TOP="`,
    'WEIR_HTTP="',
    'WEIR_NAMES="',
    'WEIR_TIERS="',
  ])
})

test('a settings file that cannot be read is reported with the faults of the environment', async () => {
  const config = join(await scratchFolder(), 'weir.yaml')
  for (const content of [null, 'WEIR_TOP: [', '- WEIR_TOP']) {
    if (content !== null) await writeFile(config, content)
    const { code, stdout, stderr } = await runWeir(['ingest', '--check', '--config', config], {
      WEIR_TIERS: '5m',
      // Whether the file says who may log in, nobody knows.
      WEIR_HTTP: '0.0.0.0:8080',
    })
    assert.deepEqual([code, stdout], [64, ''])
    const places = stderr.match(/(?<=^weir: ).*?(?=": )/gm)
    assert.deepEqual(places, [`--config="${config}`, 'WEIR_TIERS="5m'], stderr)
  }
})

test('the API names the setting whose file of names is missing', async () => {
  const names = join(await scratchFolder(), 'none.yaml')
  const { code, stderr } = await runWeir(['api'], { WEIR_NAMES: names })
  assert.equal(code, 64)
  assert.match(stderr, /^weir: WEIR_NAMES="[^"]+none\.yaml": ENOENT[^;]*; name a readable/)
})

test('options that contradict each other are a wrong command line', async () => {
  const environment = { WEIR_DATA: await scratchFolder() }
  const cases: readonly [line: string, said: RegExp][] = [
    ['report --from now --to now-1h', /from "now" is not before to "now-1h"/],
    ['replay capture.pcap --speed 10', /--speed goes with --to/],
    ['replay capture.pcap --shift recent --to 127.0.0.1:9', /--shift goes without --to/],
    ['replay package.json --to 127.0.0.1:0', /--to 127\.0\.0\.1:0: write HOST:PORT/],
  ]
  for (const [line, said] of cases) {
    const { code, stderr } = await runWeir(line.split(' '), environment)
    assert.equal(code, 64, line)
    assert.match(stderr, said)
  }
})
