/** A disk that takes nothing for a while: what is told meanwhile and afterwards, and what is lost. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { LoopDisk, noLoopDisk } from '../loop-disk.ts'
import { RunningIngest, runWeir } from '../processes.ts'
import { flowsPerDatagram, NumberedExporter } from './numbered-exporter.ts'

const warningOf = (status: { warnings: { what: string }[] }, what: RegExp) =>
  status.warnings.filter((each) => what.test(each.what)).length

test(
  'a disk that hangs is told while it does, and what the kernel dropped meanwhile for a day',
  { skip: noLoopDisk },
  async (t) => {
    const disk = await LoopDisk.mount({ megabytes: 64, real: 64 })
    t.after(() => disk.unmount())
    const data = join(disk.path, 'data')
    const ingest = await RunningIngest.start(data, { WEIR_RECEIVE_BUFFER: '1MB' })
    const exporter = new NumberedExporter(() => ingest.port, 30_000)
    await ingest.until(({ flows }) => flows > 0)
    disk.freeze()
    const stalled = await ingest.until(({ stalledSeconds = 0 }) => stalledSeconds > 3)
    assert.ok(stalled.flows > 0)
    assert.equal(warningOf(stalled, /^for \d+ s the disk has not taken/), 1)
    const { code, stderr } = await runWeir(['doctor', '--health', 'ingest'], { WEIR_DATA: data })
    assert.equal(code, 1)
    assert.match(stderr, /does not take what is received/)
    const { code: doctorCode, stdout } = await runWeir(['doctor'], { WEIR_DATA: data })
    assert.equal(doctorCode, 1)
    assert.match(stdout, /^FAULT +folder +the disk of .* has taken nothing for \d+ s$/m)
    disk.thaw()
    const again = await ingest.until(({ stalledSeconds }) => stalledSeconds === undefined)
    assert.equal(warningOf(again, /^for \d+ s the disk/), 0)
    assert.equal(warningOf(again, /dropped by the kernel .* the disk once took [\d.]+ s/), 1)
    await exporter.end()
    const { stdout: later } = await runWeir(['doctor'], { WEIR_DATA: data })
    assert.match(later, /^warning ingest +\d+ datagrams were dropped by the kernel/m)
    const dropped = () => exporter.sentAt.length - (again.sockets[0]?.kernelDrops ?? 0)
    await sleep(500)
    const last = await ingest.until(({ flows }) => flows === dropped() * flowsPerDatagram)
    assert.equal(last.exporters[0]!.lost.flows, again.sockets[0]!.kernelDrops! * flowsPerDatagram)
    assert.equal((await ingest.stop()).code, 0)
  },
)
