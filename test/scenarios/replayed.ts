/** A made day as a user sees it: replayed and reported by the command line. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { rm } from 'node:fs/promises'

import type { ExplainAnswer } from '../../api/schema/explain.ts'
import type { Incident } from '../../flow/incident/incident.ts'
import { IncidentReader } from '../../store/incident/ledger.ts'
import { writeCapture } from '../encode/pcap-write.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { bodyOf, openApi } from '../story/api-over.ts'
import { meter, type MeterOptions } from './meter.ts'
import type { Packet } from './packets.ts'
import { usual } from './office.ts'

interface MadeDay {
  packets: readonly Packet[]
  meter?: MeterOptions
  exporter?: string
  /** Datagrams received in these times are dropped. */
  drops?: readonly { from: number; to: number }[]
}

interface Replayed {
  /** In order of time. */
  found: Incident[]
  /** The report on a time (unix ms), as Markdown. */
  report: (from: number, to: number) => Promise<string>
  /** What the API says of a time. */
  explain: (from: number, to: number) => Promise<ExplainAnswer>
}

/** Replays a day of one exporter or several. */
export async function replayDay(
  t: TestContext,
  days: readonly MadeDay[],
  environment: Record<string, string> = {},
): Promise<Replayed> {
  const folder = await scratchFolder()
  t.after(() => rm(folder, { recursive: true, force: true }))
  const settings = { WEIR_DATA: join(folder, 'data'), ...environment }
  const captures: string[] = []
  for (const [i, { packets, drops = [], exporter = '192.168.9.1', ...day }] of days.entries()) {
    const capture = join(folder, `${i}.pcap`)
    const isDropped = (ms: number) => drops.some(({ from, to }) => ms >= from && ms < to)
    const sent = meter(packets, day.meter ?? usual)
    await writeCapture(capture, exporter, sent.filter(({ receivedMs }) => !isDropped(receivedMs))) // prettier-ignore
    captures.push(capture)
  }
  const run = async (args: string[]) => {
    const { code, stdout, stderr } = await runWeir(args, settings)
    assert.equal(code, 0, stderr)
    return stdout
  }
  await run(['replay', ...captures])
  const found = await new IncidentReader(settings.WEIR_DATA).between(0, 8.64e15)
  const iso = (ms: number) => new Date(ms).toISOString()
  return {
    found: found.sort((a, b) => a.from - b.from),
    report: (from, to) => run(['report', '--from', iso(from), '--to', iso(to)]),
    async explain(from, to) {
      const api = await openApi(settings, to)
      try {
        const path = `/api/explain?from=${iso(from)}&to=${iso(to)}`
        return JSON.parse(await bodyOf(api, path)) as ExplainAnswer
      } finally {
        await api.close()
      }
    },
  }
}
