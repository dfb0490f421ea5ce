/**
 * The sampling rate of each row. Precedence: the administrator's rate, a rate in the record, the
 * record's sampler, the interface where the flow was observed, the rate announced for all, the
 * header's, that of every sampler if the record names none. Rates announced under another domain
 * apply if the record's own has none.
 */
import { noneOfSeveral, rateOf } from './exporters/sampling.ts'
import type { DatagramContext } from './context.ts'
import type { CompiledTemplate, ScratchColumns } from './templates/template.ts'

/** flowDirection of egress. */
const egressDirection = 1

/** The rate that all rows of a template have, or 0 if each may have its own. */
export function rateOfRows(
  context: DatagramContext,
  compiled: CompiledTemplate,
  records: number,
): number {
  if (hasOwnRates(context, compiled)) return 0
  const rate = commonRate(context, compiled)
  if (rate === 1 && isUndecided(context, compiled))
    context.exporter.samplingRateUnknown(noneOfSeveral(context.stream.domain), records)
  return rate
}

function hasOwnRates({ stream }: DatagramContext, compiled: CompiledTemplate): boolean {
  return compiled.saysSampling || stream.exporterSampling.byInterface.size > 0
}

/**
 * The rate of rows whose sampler and interface have none. Some routers announce a sampler in
 * options data but name none in their records (Nokia, Cisco without `collect flow sampler`); its
 * rate is used then. What the record's own domain announces counts before what others do.
 */
function commonRate(
  { exporter, stream, headerRate }: DatagramContext,
  { scratch }: CompiledTemplate,
): number {
  const { sampling, exporterSampling, domain } = stream
  const namesNone = !scratch.has('selectorId')
  // What it announces of other domains may be meant for itself, unless others say what it has.
  const all = sampling.domains.of(domain) ?? exporterSampling.domains.of(domain) ?? sampling.rate
  const own = (sampling.rate && all) || (namesNone ? sampling.rateOfEverySampler : null)
  const others = sampling.isUnsampled(domain) ? null : exporterSampling.rateOf(domain)
  const known = exporter.rules.sampling ?? own ?? others
  if (known !== null) return known
  if (headerRate > 0) return headerRate
  return (namesNone ? exporterSampling.rateOfEverySampler : null) ?? 1
}

/** Whether records have one of several announced rates, and nobody knows which. */
function isUndecided({ stream }: DatagramContext, { scratch }: CompiledTemplate): boolean {
  const { sampling, exporterSampling, domain } = stream
  if (!exporterSampling.differs || scratch.has('selectorId')) return false
  if (sampling.isUnsampled(domain) || exporterSampling.isUnsampled(domain)) return false
  return (
    exporterSampling.rateOf(domain) === null &&
    sampling.rate === null &&
    sampling.rateOfEverySampler === null &&
    exporterSampling.rateOfEverySampler === null
  )
}

/** Writes the sampling rate of rows [from, flows.count). */
export function fillRates(
  scratch: ScratchColumns,
  context: DatagramContext,
  compiled: CompiledTemplate,
  from: number,
): void {
  const { flows, exporter } = context
  const { samplingInterval } = flows
  const common = commonRate(context, compiled)
  if (exporter.rules.sampling !== null || !hasOwnRates(context, compiled)) {
    samplingInterval.fill(common, from, flows.count)
    exporter.lastRate = common
    return
  }
  const isLeftOpen = compiled.scratch.has('selectionSequenceId') && isUndecided(context, compiled)
  if (!compiled.setsSampling) samplingInterval.fill(0, from, flows.count)
  for (let i = from; i < flows.count; i++) {
    const own = samplingInterval[i]!
    if (mayBeReversed(own) && own !== common) samplingInterval[i] = reversed(own)
    if (own === 0) {
      const selector = selectorOf(scratch, context, compiled, i - from)
      const said = ownRate(scratch, compiled, i - from) ?? optionsRate(context, i, selector)
      if (said === null && isLeftOpen)
        exporter.samplingRateUnknown(noneOfSeveral(context.stream.domain))
      samplingInterval[i] = said ?? common
    }
    exporter.lastRate = samplingInterval[i]!
  }
}

/**
 * Whether a record's rate has its lowest byte first, as MikroTik sends it: 1 of 512 reads as 1 of 131,072. No rate that
 * others send is as large, or ends in two bytes of zeros, unless they announce it, too.
 */
const mayBeReversed = (rate: number) => rate >= 2 ** 24 || (rate !== 0 && (rate & 0xffff) === 0)

function reversed(rate: number): number {
  return ((rate << 24) | ((rate & 0xff00) << 8) | ((rate >>> 8) & 0xff00) | (rate >>> 24)) >>> 0
}

/** The sampler that a record names, itself or by its selection sequence; 0 if it names none. */
function selectorOf(
  { selectorId, selectionSequenceId }: ScratchColumns,
  { stream: { sampling, exporterSampling: any } }: DatagramContext,
  { scratch }: CompiledTemplate,
  record: number,
): number {
  if (scratch.has('selectorId') && selectorId[record] !== 0) return selectorId[record]!
  if (!scratch.has('selectionSequenceId')) return 0
  const sequence = selectionSequenceId[record]!
  return sampling.bySequence.get(sequence) ?? any.bySequence.get(sequence) ?? 0
}

/** A single object, reused for every record. */
const elements = { interval: 0, space: 0, size: 0, population: 0, probability: 0 }

/** The rate given by the record itself. */
function ownRate(
  scratch: ScratchColumns,
  { scratch: has }: CompiledTemplate,
  record: number,
): number | null {
  elements.interval = has.has('samplingPacketInterval')
    ? scratch.samplingPacketInterval[record]!
    : 0
  elements.space = has.has('samplingPacketSpace') ? scratch.samplingPacketSpace[record]! : 0
  elements.size = has.has('samplingSize') ? scratch.samplingSize[record]! : 0
  elements.population = has.has('samplingPopulation') ? scratch.samplingPopulation[record]! : 0
  elements.probability = has.has('samplingProbability') ? scratch.samplingProbability[record]! : 0
  return rateOf(elements)
}

/**
 * The rate announced in options data for the record's sampler, or for the interface where the flow
 * was observed.
 */
function optionsRate(
  { flows, exporter, stream }: DatagramContext,
  row: number,
  selector: number,
): number | null {
  const isEgress = flows.flowDirection[row] === egressDirection
  const index = (isEgress ? flows.egressInterface : flows.ingressInterface)[row]!
  const { sampling, exporterSampling: any } = stream
  const byInterface = sampling.byInterface.get(index) ?? any.byInterface.get(index) ?? null
  const bySelector = sampling.bySelector.get(selector) ?? any.bySelector.get(selector) ?? null
  if (selector === 0) return bySelector ?? byInterface
  const isKnown = (sampling.rate ?? any.rateOf(stream.domain)) !== null
  if (bySelector === null && byInterface === null && !isKnown)
    exporter.samplingRateUnknown(selector)
  else if (bySelector !== null) exporter.unknownSamplers.remove(selector)
  return bySelector ?? byInterface
}
