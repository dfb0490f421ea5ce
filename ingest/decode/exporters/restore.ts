/** Reads a snapshot. Total: anything malformed is ignored. */
import type { DatagramVersion } from '../datagram.ts'
import type { CountedBefore, CountedBeforeState } from '../counted-before/stream.ts'
import { counterNames, type Exporter } from './exporter.ts'
import { fieldOf } from '../templates/field.ts'
import { fieldsPerTemplateMax } from '../limits.ts'
import { problems, type Problem } from '../problem.ts'
import type { Sampling } from './sampling.ts'
import {
  shape,
  type DecoderParts,
  type DecoderState,
  type ExporterState,
  type SamplingState,
  type StreamState,
  type TemplateState,
} from './snapshot.ts'
import { sequenceUnits, Stream } from './stream.ts'
import { Template } from '../templates/template.ts'

/**
 * Restores a snapshot. Returns false if it or a part of it was damaged; readable parts are restored
 * all the same.
 */
export function restoreSnapshot(parts: DecoderParts, state: unknown): boolean {
  const held = state as Partial<DecoderState> | null
  if (typeof held !== 'object' || held?.shape !== shape || !Array.isArray(held.exporters))
    return false
  let isWhole = true
  if (Array.isArray(held.keptStarts) && held.keptStarts.every(Number.isFinite))
    parts.keptStarts.restore(held.keptStarts)
  for (const exporter of held.exporters) {
    // A damaged snapshot can have any shape at any depth: one catch for all instead of a check per
    // field.
    try {
      restoreExporter(parts, exporter)
    } catch {
      isWhole = false
    }
  }
  return isWhole
}

/** @throws TypeError if the value is not a finite number */
function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('not a number')
  return value
}

function bool(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError('not a boolean')
  return value
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a text')
  return value
}

function restoreExporter(parts: DecoderParts, state: ExporterState): void {
  const { status } = state
  const exporter = parts.exporters.of(text(status.address), number(state.firstSeenMs))
  exporter.lastSeenMs = number(state.lastSeenMs)
  if (state.skew !== null) {
    Object.values(state.skew).forEach(number)
    exporter.skew.restore(state.skew)
  }
  for (const name of counterNames) exporter[name] = number(status[name])
  for (const name of ['records', 'optionsRecords', 'parkedSets', 'lastRate'] as const)
    exporter[name] = number(state[name])
  exporter.lost.datagrams = number(status.lost.datagrams)
  exporter.lost.flows = number(status.lost.flows)
  exporter.lost.flowsEstimated = bool(status.lost.flowsEstimated)
  // Builds before 2026-11-30 did not keep it.
  const { takenBack } = status
  if (takenBack)
    for (const name of ['datagrams', 'flows', 'restarts'] as const)
      exporter.takenBack[name] = number(takenBack[name])
  for (const id of state.unknownSamplers) exporter.unknownSamplers.add(number(id))
  for (const version of status.versions)
    if (version in sequenceUnits) exporter.versions.add(version as DatagramVersion)
  for (const domain of status.domains) exporter.domains.add(number(domain))
  for (const [kind, count] of Object.entries(status.problems))
    if (Object.hasOwn(problems, kind)) exporter.problems.set(kind as Problem, number(count))
  restoreRates(exporter, state)
  restoreNames(exporter, state)
  for (const stream of state.streams) restoreStream(parts, exporter, stream)
}

function restoreRates(exporter: Exporter, state: ExporterState): void {
  // Builds before 2026-11-28 kept one for all versions.
  const { sampling: shared, status, samplings } = state
  const held = shared ? status.versions.map((version) => [version, shared] as const) : samplings
  for (const [version, sampling] of held)
    if (Object.hasOwn(sequenceUnits, version))
      restoreSampling(exporter.samplingOf(version as DatagramVersion), sampling, noDomain)
}

function restoreNames(exporter: Exporter, state: ExporterState): void {
  for (const names of ['applications', 'vrfs'] as const)
    for (const [id, name] of state[names])
      if (exporter.takeText(text(name), null)) exporter[names].set(number(id), name)
  for (const [domain, said] of state.statistics)
    exporter.statistics.set(
      number(domain),
      new Map(said.map(([name, value]) => [text(name), number(value)])),
    )
  for (const { index, name, alias, speed } of state.status.interfaces) {
    if (!exporter.takeText(name, null) || !exporter.takeText(alias, null)) return
    exporter.interfaces.set(number(index), {
      index,
      name: name === null ? null : text(name),
      alias: alias === null ? null : text(alias),
      speed: speed === null ? null : number(speed),
    })
  }
}

/** Stands for the domain of rates of which the snapshot does not say it. */
const noDomain = -1

function restoreSampling(sampling: Sampling, state: SamplingState, domain: number): void {
  const { rate: all, samplers, domains = all === null ? [] : [[domain, all, 0]] } = state
  for (const [id, rate] of state.bySelector) sampling.tellSelector(number(id), number(rate), domain)
  for (const entry of [...(samplers ?? []), ...domains]) entry.forEach(number)
  if (samplers) sampling.samplers.restore(samplers)
  sampling.domains.restore(domains)
  for (const [id, rate] of state.byInterface)
    sampling.tellInterface(number(id), number(rate), domain)
  for (const [sequence, selector] of state.bySequence ?? [])
    sampling.tellSequence(number(sequence), number(selector))
}

function restoreStream(parts: DecoderParts, exporter: Exporter, state: StreamState): void {
  const { version, sequence } = state
  if (!Object.hasOwn(sequenceUnits, version)) throw new TypeError('not a version')
  const { domain, sourcePort, agent = 0 } = state
  const ids = { domain: number(domain), sourcePort: number(sourcePort), agent: number(agent) }
  const stream = new Stream(version, ids, number(state.seenMs))
  const { missing, recent, ...numbers } = sequence
  for (const value of [...recent, ...Object.values(numbers)]) number(value)
  for (const range of missing) Object.values(range).forEach(number)
  stream.sequence.restore(sequence)
  stream.bootMs = state.bootMs === null ? null : number(state.bootMs)
  stream.bootGuessed = bool(state.bootGuessed)
  if (state.countedBefore) stream.countedBefore = restoreCounted(parts, state.countedBefore)
  const { replacesMs = null } = state
  stream.replacesMs = replacesMs === null ? null : number(replacesMs)
  restoreSampling(stream.sampling, state.sampling, stream.domain)
  parts.exporters.addStream(exporter, stream)
  stream.exporterSampling.attribute(stream.sampling, stream.domain)
  const { session } = stream
  session.seenMs = Math.max(session.seenMs, stream.seenMs)
  session.restore(number(state.sessionEvidence ?? 0), stream.sequence)
  for (const template of state.templates) restoreTemplate(parts, exporter, stream, template)
  stream.announces = state.templates.some(({ isAdopted }) => !isAdopted)
  if (state.parked.length > 0) exporter.releasable.add(stream)
  for (const set of state.parked)
    parts.parking.hold(stream, {
      templateId: number(set.templateId),
      bytes: new Uint8Array(Buffer.from(text(set.bytes), 'base64')),
      receivedMs: number(set.receivedMs),
      exportMs: number(set.exportMs),
      uptimeMs: number(set.uptimeMs),
    })
}

function restoreCounted({ counted }: DecoderParts, state: CountedBeforeState): CountedBefore {
  const { flows, ...numbers } = state
  for (const value of Object.values(numbers)) number(value)
  for (const value of flows) number(value)
  return counted.restore(state)
}

function restoreTemplate(
  parts: DecoderParts,
  exporter: Exporter,
  stream: Stream,
  state: TemplateState,
): void {
  const fields = []
  for (let i = 0; i + 2 < state.fields.length && fields.length < fieldsPerTemplateMax; i += 3) {
    const [id, enterprise, length] = state.fields.slice(i, i + 3).map(number)
    fields.push(fieldOf(id!, enterprise!, length!))
  }
  const { scopeCount, isOptions, isAdopted, seen, usedMs } = state
  const template = new Template(number(state.id), fields, {
    scopeCount: number(scopeCount),
    isOptions: bool(isOptions),
    nowMs: number(usedMs),
  })
  template.isAdopted = isAdopted === true
  if (seen)
    for (const name of ['moreIn', 'moreOut', 'in', 'onlyOut'] as const)
      template.seen[name] = number(seen[name])
  if (template.recordBytes > 0) parts.templates.add(exporter, stream, template)
}
