/** Stops incident detection midway: `node stop-judging.ts DATA FROM AFTER-MS`, a separate process. */
import { setTimeout as sleep } from 'node:timers/promises'

import { destination, pino } from 'pino'

import { intervalMs } from '../../flow/interval.ts'
import { IncidentWatch } from '../../ingest/incidents/watch.ts'
import { readSettings } from '../settings.ts'

const [data = '', from = '0', afterMs = '0'] = process.argv.slice(2)
const settings = readSettings({ WEIR_DATA: data })
const watch = await IncidentWatch.open(settings, pino({ level: 'warn' }, destination(2)))
await watch.changed(Array.from({ length: 12 }, (_, i) => Number(from) + i * intervalMs))
watch.wake(Date.now())
await sleep(Number(afterMs))
await watch.close()
console.log(JSON.stringify({ judged: watch.judged, waiting: watch.waiting }))
