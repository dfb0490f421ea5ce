/**
 * Options data: what an exporter says of itself. Sampling rates, names of interfaces, applications
 * and VRFs, and when it was started.
 */
import type { InterfaceName } from '../../flow/status.ts'
import type { DatagramContext } from './context.ts'
import { elementOf } from './elements.ts'
import { optionTextLengthMax, statisticDomainsMax, type DecoderLimits } from './limits.ts'
import { readFloat, readUnsigned } from './steps/numbers.ts'
import { placeFields } from './templates/place-fields.ts'
import type { RecordBytes } from './records.ts'
import { readApplication } from './steps/special.ts'
import { anySampler, rateOf } from './exporters/sampling.ts'
import type { Field } from './templates/field.ts'
import type { CompiledTemplate, Template } from './templates/template.ts'

/** One options record: numbers and texts by element name, the scope's among them. */
export interface OptionsRecord {
  numbers: Map<string, number>
  texts: Map<string, string>
}

const textElements: ReadonlySet<string> = new Set([
  'samplerName',
  'selectorName',
  'interfaceName',
  'interfaceDescription',
  'applicationDescription',
  'applicationName',
  'VRFname',
])

/** Elements that name a way of sampling, from 1 to this; selectors beyond filter by what a packet holds. */
const waysToSample: Readonly<Record<string, number>> = {
  samplingAlgorithm: 2,
  samplerMode: 2,
  selectorAlgorithm: 4,
}

const decoder = new TextDecoder('utf-8')

/** A text as it is shown: without the zeros that pad it, and bounded. */
function readText(view: DataView, offset: number, length: number): string {
  const bytes = new Uint8Array(
    view.buffer,
    view.byteOffset + offset,
    Math.min(length, optionTextLengthMax * 4),
  )
  const end = bytes.indexOf(0)
  return decoder
    .decode(end === -1 ? bytes : bytes.subarray(0, end))
    .trim()
    .slice(0, optionTextLengthMax)
}

function readRecord(
  { view }: DatagramContext,
  template: Template,
  compiled: CompiledTemplate,
  offset: number,
): OptionsRecord {
  const numbers = new Map<string, number>()
  const texts = new Map<string, string>()
  template.fields.forEach((field: Field, i) => {
    const element = elementOf(field.enterprise, field.id)
    const place = compiled.places[i]!
    if (!element || place.length === 0) return
    const at = offset + place.offset
    if (textElements.has(element.name)) texts.set(element.name, readText(view, at, place.length))
    else if (element.action.kind === 'scratchFloat')
      numbers.set(element.name, readFloat(view, at, place.length))
    else if (element.action.kind === 'application')
      numbers.set(element.name, readApplication(view, at, place.length))
    else if (place.length <= 8) numbers.set(element.name, readUnsigned(view, at, place.length))
  })
  return { numbers, texts }
}

/** Reads the records of an options data set and keeps what they say; returns how many there were. */
export function decodeOptions(
  context: DatagramContext,
  template: Template,
  compiled: CompiledTemplate,
  options: { bytes: RecordBytes; limits: DecoderLimits; recordsLeft: number },
): number {
  const { bytes, limits } = options
  let records = 0
  let at = bytes.offset
  while (at + template.recordBytes <= bytes.end) {
    const next = template.isVariable
      ? placeFields(template, compiled, context.view, { offset: at, end: bytes.end })
      : at + template.recordBytes
    if (next === -1) {
      context.exporter.problem('record-short')
      break
    }
    records++
    if (records <= options.recordsLeft)
      keep(context, readRecord(context, template, compiled, at), limits)
    at = next
  }
  if (records > options.recordsLeft)
    context.exporter.problem('records-too-many', records - options.recordsLeft)
  return records
}

function keep(context: DatagramContext, record: OptionsRecord, limits: DecoderLimits): void {
  const { exporter, stream } = context
  const started = record.numbers.get('systemInitTimeMilliseconds')
  if (started) {
    stream.bootMs = started
    stream.bootGuessed = false
  }
  keepSampling(context, record, limits)
  const room = exporter.optionEntries < limits.optionEntriesPerExporterMax
  const isKept = keepInterface(context, record, room) && keepNames(context, record, room)
  keepStatistics(context, record)
  if (!isKept) exporter.problem('options-too-many')
}

function keepSampling(
  { exporter, stream }: DatagramContext,
  { numbers }: OptionsRecord,
  limits: DecoderLimits,
): void {
  const value = (name: string) => numbers.get(name) ?? 0
  const selector = numbers.get('selectorId') ?? numbers.get('samplerId')
  const rate = rateOf({
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
  })
  if (rate === null) {
    const isSampled = ([name, most]: [string, number]) => value(name) > 0 && value(name) <= most
    if (Object.entries(waysToSample).some(isSampled))
      exporter.samplingUntold(selector ?? anySampler)
    return
  }
  const ifIndex = numbers.get('ingressInterface')
  for (const sampling of [stream.sampling, exporter.sampling]) {
    if (selector !== undefined) {
      if (sampling.bySelector.has(selector) || sampling.size < limits.optionEntriesPerExporterMax)
        sampling.tellSelector(selector, rate)
      else exporter.problem('options-too-many')
    } else if (ifIndex) {
      if (sampling.byInterface.has(ifIndex) || sampling.size < limits.optionEntriesPerExporterMax)
        sampling.byInterface.set(ifIndex, rate)
      else exporter.problem('options-too-many')
    } else sampling.rate = rate
  }
  exporter.unknownSamplers.told(selector ?? anySampler)
}

/** False where there was no room. */
function keepInterface(
  { exporter }: DatagramContext,
  { numbers, texts }: OptionsRecord,
  room: boolean,
): boolean {
  const index = numbers.get('ingressInterface') ?? numbers.get('egressInterface')
  const name = texts.get('interfaceName')
  const alias = texts.get('interfaceDescription')
  if (index === undefined || (name === undefined && alias === undefined)) return true
  const held: InterfaceName | undefined = exporter.interfaces.get(index)
  if (!held && !room) return false
  const said = { name: name || (held?.name ?? null), alias: alias || (held?.alias ?? null) }
  if (!exporter.takeText(said.name, held?.name)) return false
  if (!exporter.takeText(said.alias, held?.alias)) {
    exporter.takeText(held?.name ?? null, said.name)
    return false
  }
  exporter.interfaces.set(index, { index, ...said, speed: held?.speed ?? null })
  return true
}

/** Names by the numbers that flows carry: the number's element and the names', the first said counts. */
const namings = [
  { names: 'applications', ids: ['applicationId'], texts: ['applicationName'] },
  { names: 'vrfs', ids: ['ingressVRFID', 'egressVRFID'], texts: ['VRFname'] },
] as const

/** False where there was no room. */
function keepNames(
  { exporter }: DatagramContext,
  { numbers, texts }: OptionsRecord,
  room: boolean,
): boolean {
  for (const naming of namings) {
    const names = exporter[naming.names]
    const id = naming.ids.map((name) => numbers.get(name)).find((each) => each !== undefined)
    const text = naming.texts.map((name) => texts.get(name)).find(Boolean)
    if (id === undefined || !text) continue
    const held = names.get(id)
    if ((held === undefined && !room) || !exporter.takeText(text, held)) return false
    names.set(id, text)
  }
  return true
}

/** Totals that an exporter says of its own export. */
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
