/** `weir demo`: the page on a scratch folder with the bundled Monday outage replayed into it. */
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { endpointText } from '../flow/settings/values.ts'
import type { CommandInput } from './command.ts'
import { recentShift, replay } from './replay.ts'
import { start } from './start.ts'
import { endingSignals } from './stop.ts'

const captures = new URL('../test/captures/', import.meta.url)
const capture = fileURLToPath(new URL('monday-outage.v9.pcap.gz', captures))
const names = fileURLToPath(new URL('monday-outage.names.yaml', captures))
/** Monday 2026-11-16, 11:20 and 11:50 UTC: around the outage, as captured. */
const outage = { from: 1_794_828_000, to: 1_794_829_800 }

export async function demo({ settings }: CommandInput): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'weir-demo-'))
  const remove = () => rmSync(data, { recursive: true, force: true })
  for (const name of endingSignals) process.once(name, remove)
  try {
    const scratch = { ...settings, data, names: settings.names ?? names }
    const shiftMs = await recentShift([capture], Date.now())
    await replay({ settings: scratch, values: { shift: 'recent' }, positionals: [capture] })
    for (const name of endingSignals) process.off(name, remove)
    const at = (seconds: number) =>
      new Date(seconds * 1000 + shiftMs).toISOString().slice(0, 19) + 'Z'
    const page = `http://${endpointText(settings.http)}`
    console.log(`the outage: ${page}/?from=${at(outage.from)}&to=${at(outage.to)}`)
    process.env['WEIR_DATA'] = data
    process.env['WEIR_NAMES'] = scratch.names
    await start({ settings: scratch, values: {}, positionals: [] })
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}
