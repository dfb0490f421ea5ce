/** Stores what exporters say of their sampling: rates, and which sampler a selection sequence ends with. */
import type { DatagramContext } from '../context.ts'
import {
  anySampler,
  noneOfSeveral,
  rateOf,
  type Sampling,
  type SamplingElements,
} from '../exporters/sampling.ts'
import { forgetReplaced } from '../exporters/stream.ts'
import type { DecoderLimits } from '../limits.ts'
import { interfaceOf, type OptionsRecord } from './options-record.ts'

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

/** Stores a sampling rate, or that packets are sampled at a rate that is not told. */
export function keepSampling(
  { exporter, stream }: DatagramContext,
  record: OptionsRecord,
  { optionEntriesPerExporterMax }: DecoderLimits,
): void {
  const { numbers } = record
  const selector = numbers.get('selectorId') ?? numbers.get('samplerId') ?? ofSequence(numbers)
  const domain = domainOf(numbers) ?? stream.domain
  const sampler = selector ?? anySampler
  const rate = rateOf(samplingElementsOf(numbers))
  if (rate === null) {
    if (namesWayToSample(numbers)) exporter.samplingRateUnknown(sampler)
    else if (sampler === anySampler && saysUnsampled(record))
      for (const { domains } of [stream.sampling, stream.exporterSampling])
        domains.tell(domain, 0, stream.domain)
    return
  }
  forgetReplaced(stream)
  const announced = { selector, ifIndex: interfaceOf(record), by: stream.domain, domain, rate }
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
export function keepSequence(
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
function saysUnsampled(record: OptionsRecord): boolean {
  return record.numbers.get('samplingInterval') === 0 && !interfaceOf(record)
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

/** A rate, the domain that told it, and what it is about. */
interface AnnouncedRate {
  rate: number
  by: number
  domain: number
  selector: number | undefined
  ifIndex: number | undefined
}

/** Stores a rate for its sampler, its interface, or all packets; false if there is no room. */
function keepRate(
  sampling: Sampling,
  { selector, ifIndex, by, domain, rate }: AnnouncedRate,
  entriesMax: number,
): boolean {
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
