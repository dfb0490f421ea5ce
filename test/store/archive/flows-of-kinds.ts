/** An archive of flows with columns of every kind. */
import { join } from 'node:path'

import { createFlowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { seed } from '../../drawn.ts'
import { scratchFolder } from '../../processes.ts'
import { seeded } from '../../random.ts'
import { t0 } from './archived.ts'

/** In each file. */
export const rows = 12_000

/**
 * Columns of every kind: random, repeating, constant, with few values, with both kinds of
 * addresses, beyond 32 bits and below 0.
 */
export function flowsOfKinds(): FlowColumns {
  const random = seeded(seed)
  const upTo = (most: number) => Math.floor(random() * most)
  const flows = createFlowColumns(rows)
  flows.count = rows
  for (let i = 0; i < rows; i++) {
    const isIPv6 = i % 7 === 0
    flows.collectionTimeMilliseconds[i] = t0 + upTo(intervalMs)
    flows.flowStartMilliseconds[i] = t0 - upTo(1 + (i % 3) * 100_000)
    flows.flowEndMilliseconds[i] = flows.flowStartMilliseconds[i]! - 20 + upTo(5000)
    flows.exporterAddressLow.set([1, 0xffff], 2 * i)
    flows.sourceAddressHigh.set(isIPv6 ? [upTo(3), 0xfe80_0000] : [0, 0], 2 * i)
    flows.sourceAddressLow.set(isIPv6 ? [upTo(2 ** 32), upTo(2 ** 32)] : [upTo(300), 0xffff], 2 * i)
    flows.destinationAddressLow.set([upTo(2 ** 32), 0xffff], 2 * i)
    flows.sourceTransportPort[i] = 1024 + upTo(60_000)
    flows.destinationTransportPort[i] = [53, 80, 443][i % 3]!
    flows.protocolIdentifier[i] = i % 3 === 0 ? 17 : 6
    flows.packetDeltaCount[i] = Math.ceil(1 / (1 - random()))
    flows.octetDeltaCount[i] = upTo(2 ** (i % 45))
    flows.samplingInterval[i] = i % 1000 === 0 ? 2 ** 32 - 1 : 1
    flows.tcpControlBits[i] = [2, 16, 18, 27][upTo(4)]!
    flows.sourceMacAddress[i] = upTo(2 ** 48)
    flows.applicationId[i] = upTo(3) * 2 ** 24 + 443
  }
  return flows
}

/** The paths of two files in an archive of such flows: a sorted one, and one in order of receipt. */
export async function twoFiles(flowsOf = flowsOfKinds) {
  const folder = await scratchFolder()
  const archive = await Archive.open(folder)
  archive.add(flowsOf())
  await archive.publish({})
  await archive.merge(t0 + intervalMs)
  archive.add(flowsOf())
  await archive.publish({})
  const entries = archive.entries().toSorted((a, b) => Number(a.isChunk) - Number(b.isChunk))
  await archive.close()
  return { folder, paths: entries.map(({ file }) => join(folder, file)) as [string, string] }
}
