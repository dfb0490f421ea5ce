/** sFlow counter samples: an interface's own counters, as a cross-check of the flows. */
import type { DatagramContext } from '../context.ts'
import { wordSize } from '../steps/numbers.ts'

/** Counters of an interface, as kept by its exporter; they wrap and restart. */
export interface InterfaceCounters {
  exporter: string
  /** See DatagramContext. */
  agent: number
  /** unix ms */
  receivedMs: number
  index: number
  /** Sample number of the interface; restarts with its counters. */
  sequence: number
  /** bits per second, 0 if unknown */
  speed: number
  octetsIn: number
  octetsOut: number
  packetsIn: number
  packetsOut: number
  errorsIn: number
  errorsOut: number
  discardsIn: number
  discardsOut: number
}

const genericCounters = { format: 1, bytes: 88 }

export type OnCounters = ((counters: InterfaceCounters) => void) | null

interface CounterReading {
  /** Bytes of the sample before its records. */
  header: number
  /** Most entries kept of an exporter: see DecoderLimits. */
  entriesMax: number
  onCounters: OnCounters
}

/** Reads the records of a counter sample. */
export function readCounterSample(
  context: DatagramContext,
  sample: { offset: number; end: number },
  reading: CounterReading,
): void {
  const { view, exporter } = context
  const { header } = reading
  const count = view.getUint32(sample.offset + header - 4)
  const sequence = view.getUint32(sample.offset)
  let at = sample.offset + header
  for (let i = 0; i < count && at + 8 <= sample.end; i++) {
    const end = at + 8 + view.getUint32(at + 4)
    if (end > sample.end) {
      exporter.problem('record-short')
      return
    }
    if (view.getUint32(at) === genericCounters.format && end - at - 8 >= genericCounters.bytes)
      interfaceCounters(context, { at: at + 8, sequence }, reading)
    at = end
  }
}

function interfaceCounters(
  { view, exporter, agent, receivedMs }: DatagramContext,
  { at, sequence }: { at: number; sequence: number },
  { entriesMax, onCounters }: CounterReading,
): void {
  const long = (offset: number) =>
    view.getUint32(at + offset) * wordSize + view.getUint32(at + offset + 4)
  const word = (offset: number) => view.getUint32(at + offset)
  const index = word(0)
  const speed = long(8)
  const held = exporter.interfaces.get(index)
  if (held) held.speed = speed
  else if (exporter.optionEntries < entriesMax)
    exporter.interfaces.set(index, { index, name: null, alias: null, speed })
  else exporter.problem('options-too-many')
  onCounters?.({
    exporter: exporter.address,
    agent,
    receivedMs,
    index,
    sequence,
    speed,
    octetsIn: long(24),
    packetsIn: word(32) + word(36) + word(40),
    discardsIn: word(44),
    errorsIn: word(48),
    octetsOut: long(56),
    packetsOut: word(64) + word(68) + word(72),
    discardsOut: word(76),
    errorsOut: word(80),
  })
}
