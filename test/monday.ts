/** The Monday capture, and its replay into a store. */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { runWeir } from './processes.ts'

export const mondayCapture = fileURLToPath(
  new URL('captures/monday-outage.v9.pcap.gz', import.meta.url),
)
export const mondayFlows = 218_610
export const mondayBytes = 50_336_916_389
export const daySeconds = 86_400
export const weekSeconds = 7 * daySeconds
/** 2026-11-16 UTC, as captured (unix seconds). */
const monday = Date.UTC(2026, 10, 16) / 1000

/** Replays it shifted to the last days; returns the start of its shifted Monday (unix seconds). */
export async function replayMonday(environment: Record<string, string>): Promise<number> {
  const args = ['replay', mondayCapture, '--shift', 'recent', '--json']
  const { code, stdout, stderr } = await runWeir(args, environment)
  assert.equal(code, 0, stderr)
  const { from } = JSON.parse(stdout) as { from: number }
  return monday + Math.floor((from - monday) / weekSeconds) * weekSeconds
}
