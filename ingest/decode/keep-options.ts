/** Stores what exporters report about themselves: sampling rates, names, totals, and when they booted. */
import type { InterfaceName } from '../../flow/status.ts'
import type { DatagramContext } from './context.ts'
import { anySampler, noneOfSeveral, rateOf, type SamplingElements, type Sampling } from './exporters/sampling.ts' // prettier-ignore
import { forgetReplaced } from './exporters/stream.ts'
import { statisticDomainsMax, type DecoderLimits } from './limits.ts'

/** One options record, including its scope: numbers and texts by element name. */
export interface OptionsRecord {
  numbers: Map<string, number>
  texts: Map<string, string>
}

/** Elements with a sampling method, from 1 to this value; higher selectors filter by packet content. */
const waysToSample: Readonly<Record<string, number>> = {
  samplingAlgorithm: 2,
  samplerMode: 2,
  selectorAlgorithm: 4,
}

/** From here on line cards stand beside domains, which have 32 bits. */
const firstOfCards = 2 ** 32

/** From here on selectors stand for selection sequences: no record can name one as large. */
const firstOfSequences = 2 ** 52

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

function keepSampling(
  { exporter, stream }: DatagramContext,
  { numbers }: OptionsRecord,
  { optionEntriesPerExporterMax }: DecoderLimits,
): void {
  const selector = numbers.get('selectorId') ?? numbers.get('samplerId') ?? ofSequence(numbers)
  const domain = domainOf(numbers) ?? stream.domain
  const sampler = selector ?? anySampler
  const rate = rateOf(samplingElementsOf(numbers))
  if (rate === null) {
    if (namesWayToSample(numbers)) exporter.samplingRateUnknown(sampler)
    else if (sampler === anySampler && saysUnsampled(numbers))
      for (const { domains } of [stream.sampling, stream.exporterSampling])
        domains.tell(domain, 0, stream.domain)
    return
  }
  forgetReplaced(stream)
  const announced = { selector, ifIndex: interfaceOf(numbers), by: stream.domain, domain, rate }
  for (const sampling of [stream.sampling, stream.exporterSampling])
    if (!keepRate(sampling, announced, optionEntriesPerExporterMax))
      exporter.problem('options-too-many')
  exporter.unknownSamplers.remove(sampler)
  if (!stream.exporterSampling.differs) exporter.unknownSamplers.removeSeveral()
  else if (!stream.sampling.differs) exporter.unknownSamplers.remove(noneOfSeveral(stream.domain))
}

/** The selector that stands for the one of a selection sequence whose rate is told without it. */
function ofSequence(numbers: OptionsRecord['numbers']): number | undefined {
  const sequence = numbers.get('selectionSequenceId')
  return sequence === undefined ? undefined : firstOfSequences + sequence
}

/** Stores which sampler a selection sequence ends with: what stands before it filters. */
function keepSequence(
  { exporter, stream }: DatagramContext,
  { numbers }: OptionsRecord,
  { optionEntriesPerExporterMax }: DecoderLimits,
): void {
  const sequence = numbers.get('selectionSequenceId')
  const saysRate = rateOf(samplingElementsOf(numbers)) !== null
  const selector = numbers.get('selectorId') ?? (saysRate ? ofSequence(numbers) : undefined)
  if (sequence === undefined || selector === undefined) return
  for (const sampling of [stream.sampling, stream.exporterSampling])
    if (sampling.bySequence.has(sequence) || sampling.size < optionEntriesPerExporterMax)
      sampling.tellSequence(sequence, selector)
    else exporter.problem('options-too-many')
}

/** The domain that a record is about, or the line card, which no record of a flow names. */
function domainOf(numbers: OptionsRecord['numbers']): number | undefined {
  const card = numbers.get('lineCardId')
  return card === undefined ? numbers.get('observationDomainId') : firstOfCards + card
}

/** Whether a record that is not about one interface says an interval of 0: every packet counts. */
function saysUnsampled(numbers: OptionsRecord['numbers']): boolean {
  return numbers.get('samplingInterval') === 0 && !interfaceOf(numbers)
}

function samplingElementsOf(numbers: OptionsRecord['numbers']): SamplingElements {
  const value = (name: string) => numbers.get(name) ?? 0
  return {
    interval:
      value('samplingPacketInterval') ||
      value('samplingFlowInterval') ||
      value('samplingInterval') ||
      value('samplerRandomInterval'),
    space:
      value('samplingPacketInterval') > 0
        ? value('samplingPacketSpace')
        : value('samplingFlowSpacing'),
    size: value('samplingSize'),
    population: value('samplingPopulation'),
    probability: value('samplingProbability'),
    time: value('samplingTimeInterval'),
    timeSpace: value('samplingTimeSpace'),
  }
}

function namesWayToSample(numbers: OptionsRecord['numbers']): boolean {
  return Object.entries(waysToSample).some(([name, most]) => {
    const way = numbers.get(name) ?? 0
    return way > 0 && way <= most
  })
}

/** The interface that a record is about, by either of its elements. */
function interfaceOf(numbers: OptionsRecord['numbers']): number | undefined {
  return numbers.get('ingressInterface') ?? numbers.get('egressInterface')
}

/** Stores a rate for its sampler, its interface, or all packets; false if there is no room. */
function keepRate(
  sampling: Sampling,
  announced: { selector: number | undefined; ifIndex: number | undefined; by: number; domain: number; rate: number }, // prettier-ignore
  entriesMax: number,
): boolean {
  const { selector, ifIndex, by, domain, rate } = announced
  const isFull = sampling.size >= entriesMax
  if (selector !== undefined) {
    if (isFull && !sampling.bySelector.has(selector)) return false
    sampling.tellSelector(selector, rate, by)
  } else if (ifIndex) {
    if (isFull && !sampling.byInterface.has(ifIndex)) return false
    sampling.tellInterface(ifIndex, rate, by)
  } else sampling.domains.tell(domain, rate, by)
  return true
}

/** False if there is no room. */
function keepInterface(
  { exporter }: DatagramContext,
  { numbers, texts }: OptionsRecord,
  room: boolean,
): boolean {
  const index = interfaceOf(numbers)
  const name = texts.get('interfaceName')
  const alias = texts.get('interfaceDescription')
  if (index === undefined || (name === undefined && alias === undefined)) return true
  const held: InterfaceName | undefined = exporter.interfaces.get(index)
  if (!held && !room) return false
  const labels = { name: name || (held?.name ?? null), alias: alias || (held?.alias ?? null) }
  if (!exporter.takeText(labels.name, held?.name)) return false
  if (!exporter.takeText(labels.alias, held?.alias)) {
    exporter.takeText(held?.name ?? null, labels.name)
    return false
  }
  exporter.interfaces.set(index, { index, ...labels, speed: held?.speed ?? null })
  return true
}

/** Names for the numbers in flows: the elements of number, of which the first present counts, and of name. */
const namings = [
  { names: 'applications', ids: ['applicationId'], text: 'applicationName' },
  { names: 'vrfs', ids: ['ingressVRFID', 'egressVRFID'], text: 'VRFname' },
] as const

/** False if there is no room. */
function keepNames(
  { exporter }: DatagramContext,
  { numbers, texts }: OptionsRecord,
  room: boolean,
): boolean {
  for (const naming of namings) {
    const names = exporter[naming.names]
    const id = naming.ids.map((name) => numbers.get(name)).find((each) => each !== undefined)
    const text = texts.get(naming.text)
    if (id === undefined || !text) continue
    const held = names.get(id)
    if ((held === undefined && !room) || !exporter.takeText(text, held)) return false
    names.set(id, text)
  }
  return true
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
