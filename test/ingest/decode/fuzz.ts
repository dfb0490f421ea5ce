/**
 * Millions of broken datagrams, mutated by a seed from intact ones, in a separate process so that its
 * memory can be measured: `node fuzz.ts COUNT SEED`; the last line of its output is JSON.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { clearFlowColumns, createFlowColumns } from '../../../flow/columns.ts'
import { readPacket } from '../../../ingest/capture/packet.ts'
import { readCapture } from '../../../ingest/capture/read.ts'
import { Decoder } from '../../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import { boundGarbage } from '../../../ingest/heap.ts'
import { encodeV1, encodeV5, encodeV7 } from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field } from '../../encode/sets.ts'
import { encodeSflow, headerRecord, wordsRecord } from '../../encode/sflow.ts'
import { from, openDecoder } from './decoded.ts'

interface FuzzFigures {
  count: number
  seed: number
  rows: number
  exceptions: number
  /** Datagrams that took over 10 ms once, and those that did so again when decoded alone. */
  slow: number
  slowAlone: number
  /** 99.9th percentile and maximum. */
  p999Ms: number
  greatestMs: number
  /** The 99.9th percentile of a constant amount of work: above some 0.1 ms, the machine was busy. */
  controlP999Ms: number
  /**
   * Datagrams that took over 1 ms once, and those that did so again when decoded alone: a busy
   * machine preempts the thread.
   */
  over: number
  overAlone: number
  /** Growth of resident memory since a tenth of the datagrams, MiB. */
  grownMiB: number
}

const story = fileURLToPath(new URL('../../captures/monday-outage.v9.pcap.gz', import.meta.url))
const storyDatagrams = 400
const slowMs = 10
const overMs = 1
/** A busy machine preempts the thread during several tries. */
const triesMax = 10
/** How often resident memory is sampled, and the progress of a long run printed. */
const probeEvery = 100_000
const tellEvery = 1_000_000
const bytesMax = 2000
const encodedCount = 6
/** Resolution of the times for the percentile. */
const stepMs = 0.01
const steps = 100_000

function encoded(): Uint8Array[] {
  const template = { id: 256, fields: [field(8, 4), field(12, 4), field(1, 4), field(2, 4), field(22, 4), field(21, 4)] } // prettier-ignore
  const wide = { id: 257, fields: [field(27, 16), field(28, 16), field(1, 8), field(371, 65_535), field(152, 8), field(153, 8), field(1, 8, 29_305)] } // prettier-ignore
  const nested = { id: 258, fields: [field(8, 4), field(291, 65_535), field(315, 65_535), field(34, 4), field(48, 1)] } // prettier-ignore
  const options = { id: 259, scopes: [field(1, 4)], fields: [field(48, 1), field(50, 4), field(82, 65_535), field(83, 16)] } // prettier-ignore
  const sets = [
    { templates: [template, wide, nested] },
    { optionsTemplates: [options] },
    { data: template, records: Array.from({ length: 20 }, (_, i) => ['10.0.0.1', '10.0.0.2', i, 1, 1000, 2000]) }, // prettier-ignore
    { data: wide, records: [['2001:db8::1', '2001:db8::2', 9, 'name', from.receivedMs, from.receivedMs, 5]] }, // prettier-ignore
    { data: nested, records: [['10.0.0.1', new Uint8Array([255, 0, 8, 0, 4, 10, 0, 0, 1]), new Uint8Array(60).fill(69), 10, 1]] }, // prettier-ignore
    { data: options, records: [[1, 1, 100, 'eth0', 'uplink']] },
  ]
  const samples = [
    { rate: 9, input: 1, output: 2, records: [headerRecord(new Uint8Array(60).fill(0x45)), wordsRecord(1003, 1, '10.0.0.1', 1, 2, 3, 1, 2, 1, 7)] }, // prettier-ignore
    { counters: { index: 1, speed: 1, octetsIn: 1, octetsOut: 1 } },
  ]
  const fixed = [{}, {}, {}, {}]
  return [
    encodeV1({}, fixed),
    encodeV5({}, fixed),
    encodeV7({}, fixed),
    encodeV9({ sets }),
    encodeIpfix({ sets }),
    encodeSflow({ samples }),
  ]
}

async function originals(): Promise<Uint8Array[]> {
  const all = encoded()
  for await (const packet of readCapture(story)) {
    const datagram = readPacket(packet.bytes, packet.linkType)
    if (datagram) all.push(Uint8Array.from(datagram.payload))
    if (all.length >= storyDatagrams) break
  }
  return all
}

const interesting = [0, 1, 2, 4, 127, 128, 254, 255]
const versionNumbers = [1, 5, 6, 7, 9, 10, 0]

/** Integers from a seed (xorshift), without garbage: the decoder's garbage is being measured. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 1
  }

  /** Restores the sequence from here. */
  get state(): number {
    return this.#state
  }

  set state(state: number) {
    this.#state = state
  }

  /** A number from 0 up to but excluding `most`. */
  below(most: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return (state >>> 1) % most
  }
}

/** Mutates a datagram into `target`; returns its length. */
function mutate(all: readonly Uint8Array[], target: Uint8Array, dice: Dice): number {
  if (dice.below(10) === 0) return noise(target, dice)
  // The encoders' datagrams have more kinds than the story: both come equally often.
  const original = all[dice.below(dice.below(2) === 0 ? encodedCount : all.length)]!
  let length = Math.min(original.length, bytesMax)
  for (let i = 0; i < length; i++) target[i] = original[i]!
  for (let changes = dice.below(12); changes > 0; changes--) {
    const at = dice.below(length)
    const way = dice.below(10)
    if (way < 4) target[at] = dice.below(256)
    else if (way < 7) target[at] = interesting[dice.below(interesting.length)]!
    else if (way < 8) target[at] = target[at]! ^ (1 << dice.below(8))
    else if (way < 9) length = Math.max(1, at)
    else target.copyWithin(dice.below(length), at, Math.min(length, at + dice.below(64)))
  }
  return length
}

/** Random bytes, most of them after a version number. */
function noise(target: Uint8Array, dice: Dice): number {
  const length = 8 + dice.below(600)
  for (let i = 0; i < length; i++) target[i] = dice.below(256)
  if (dice.below(10) === 0) return length
  const version = versionNumbers[dice.below(versionNumbers.length)]!
  target[0] = 0
  target[1] = version
  if (version === 0) for (let i = 2; i < 8; i++) target[i] = i === 3 ? 5 : Number(i === 7)
  return length
}

/** Decodes datagrams alone, each with a decoder that has seen only intact ones; all share the columns. */
class Alone {
  readonly #all: readonly Uint8Array[]
  readonly #flows = createFlowColumns(2 * decoderRowsMax)

  constructor(all: readonly Uint8Array[]) {
    this.#all = all
  }

  /** The best time of a datagram over some tries; the first below the limit is good enough. */
  ms(payload: Uint8Array): number {
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < triesMax && best > overMs; i++) best = Math.min(best, this.#once(payload))
    return best
  }

  #once(payload: Uint8Array): number {
    const decoder = new Decoder(this.#flows, { onSequence: () => {} })
    for (const original of this.#all.slice(0, encodedCount))
      decoder.decode({ ...from, payload: original })
    clearFlowColumns(this.#flows)
    const startMs = performance.now()
    decoder.decode({ ...from, payload })
    const ms = performance.now() - startMs
    clearFlowColumns(this.#flows)
    return ms
  }
}

/** A constant amount of work, like one datagram: its variation comes from the machine. */
function control(payload: Uint8Array): number {
  let hash = 0
  for (let i = 0; i < 1500; i++) hash = Math.imul(hash ^ payload[i % payload.length]!, 0x01000193)
  return hash
}

async function fuzz(count: number, seed: number): Promise<FuzzFigures> {
  boundGarbage()
  const all = await originals()
  const dice = new Dice(seed)
  const { decoder, flows } = openDecoder({ onSequence: () => {} })
  const target = new Uint8Array(bytesMax)
  const histogram = new Uint32Array(steps)
  const controls = new Uint32Array(steps)
  const sources = Array.from({ length: 4 }, (_, i) => `192.0.2.${i}`)
  const figures = { rows: 0, exceptions: 0, slow: 0, greatestMs: 0 }
  /** The dice's state before each slow datagram, which is regenerated from it instead of kept. */
  const again: number[] = []
  let before = 0
  let most = 0
  for (let i = 0; i < count; i++) {
    const { state } = dice
    const payload = target.subarray(0, mutate(all, target, dice))
    const source = sources[i % sources.length]!
    const startMs = performance.now()
    try {
      decoder.decode({ payload, source, sourcePort: 2055, receivedMs: from.receivedMs + i })
    } catch (error) {
      if (figures.exceptions++ === 0) console.error(error, Buffer.from(payload).toString('hex'))
    }
    const endMs = performance.now()
    control(payload)
    note(controls, performance.now() - endMs)
    note(histogram, endMs - startMs)
    figures.greatestMs = Math.max(figures.greatestMs, endMs - startMs)
    if (endMs - startMs > overMs) {
      again.push(state)
      if (endMs - startMs > slowMs) figures.slow++
    }
    figures.rows += flows.count
    if (flows.capacity - flows.count < decoderRowsMax || flows.count > 0) clearFlowColumns(flows)
    if (i === Math.floor(count / 10)) before = process.memoryUsage.rss()
    if (i % probeEvery === 0) most = Math.max(most, process.memoryUsage.rss())
    if (i % tellEvery === 0 && i > 0) console.log(`${i} of ${count}, ${figures.exceptions} thrown`)
  }
  const judge = new Alone(all)
  const alone = again.map((state) => {
    dice.state = state
    const payload = target.subarray(0, mutate(all, target, dice))
    const ms = judge.ms(payload)
    if (ms > slowMs) console.error(`${ms} ms alone: ${Buffer.from(payload).toString('hex')}`)
    return ms
  })
  return {
    count,
    seed,
    ...figures,
    slowAlone: alone.filter((ms) => ms > slowMs).length,
    over: again.length,
    overAlone: alone.filter((ms) => ms > overMs).length,
    p999Ms: percentile(histogram, 0.999),
    controlP999Ms: percentile(controls, 0.999),
    grownMiB: Math.round((10 * (most - before)) / 2 ** 20) / 10,
  }
}

function note(histogram: Uint32Array, ms: number): void {
  const step = Math.min(histogram.length - 1, Math.floor(ms / stepMs))
  histogram[step] = histogram[step]! + 1
}

function percentile(histogram: Uint32Array, share: number): number {
  const total = histogram.reduce((sum, times) => sum + times, 0)
  let seen = 0
  for (let i = 0; i < histogram.length; i++) {
    seen += histogram[i]!
    if (seen >= total * share) return Math.round((i + 1) * stepMs * 1000) / 1000
  }
  return histogram.length * stepMs
}

/** Runs the fuzzing in a separate process. */
export function runFuzz(count: number, seed: number): FuzzFigures {
  const args = [fileURLToPath(import.meta.url), String(count), String(seed)]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0 || stderr !== '') throw new Error(`fuzzing with seed ${seed} failed: ${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as FuzzFigures
}

/** Fails unless the figures are as required. */
export function checkFuzz(figures: FuzzFigures): void {
  const { count, exceptions, slowAlone, overAlone, grownMiB } = figures
  const text = JSON.stringify(figures)
  assert.equal(exceptions, 0, text)
  assert.equal(slowAlone, 0, text)
  assert.ok(grownMiB < 32, text)
  // The 99.9th percentile is under 1 ms.
  assert.ok(overAlone < count / 1000, text)
}

if (import.meta.main)
  console.log(JSON.stringify(await fuzz(Number(process.argv[2]), Number(process.argv[3]))))
