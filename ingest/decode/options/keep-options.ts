/** Stores what exporters report about themselves: sampling rates, names, totals, and when they booted. */
import type { DatagramContext } from '../context.ts'
import { statisticDomainsMax, type DecoderLimits } from '../limits.ts'
import { keepInterface, keepNames } from './keep-names.ts'
import { keepSampling, keepSequence } from './keep-sampling.ts'
import type { OptionsRecord } from './options-record.ts'

/** Stores the contents of a record; what does not fit is counted as a problem. */
export function keepOptions(
  context: DatagramContext,
  record: OptionsRecord,
  limits: DecoderLimits,
): void {
  const { exporter, stream } = context
  const started = record.numbers.get('systemInitTimeMilliseconds')
  if (started) {
    stream.bootMs = started
    stream.bootGuessed = false
  }
  keepSampling(context, record, limits)
  keepSequence(context, record, limits)
  const room = exporter.optionEntries < limits.optionEntriesPerExporterMax
  const isKept = keepInterface(context, record, room) && keepNames(context, record, room)
  keepStatistics(context, record)
  if (!isKept) exporter.problem('options-too-many')
}

/** Totals that an exporter reports about its export. */
const statisticNames: readonly string[] = [
  'exportedOctetTotalCount',
  'exportedMessageTotalCount',
  'exportedFlowRecordTotalCount',
  'ignoredPacketTotalCount',
  'ignoredOctetTotalCount',
  'notSentFlowTotalCount',
  'notSentPacketTotalCount',
  'notSentOctetTotalCount',
]

function keepStatistics({ exporter, stream }: DatagramContext, { numbers }: OptionsRecord): void {
  for (const name of statisticNames) {
    const value = numbers.get(name)
    if (value === undefined) continue
    let statistics = exporter.statistics.get(stream.domain)
    if (!statistics) {
      if (exporter.statistics.size >= statisticDomainsMax) return
      exporter.statistics.set(stream.domain, (statistics = new Map<string, number>()))
    }
    statistics.set(name, value)
  }
}
