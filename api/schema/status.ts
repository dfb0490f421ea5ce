/** Answers about the collector itself: its exporters, what it stores, and its settings. */
import { Type, type Static } from 'typebox'

import { closed, count, nullableNumber, nullableSeconds, nullableText, seconds } from './parts.ts'

export const NoQuery = closed({})

export const Exporter = closed({
  address: Type.String(),
  name: nullableText,
  versions: Type.Array(Type.String()),
  domains: Type.Array(count),
  firstSeen: seconds,
  lastSeen: seconds,
  datagrams: count,
  flows: count,
  packets: count,
  bytes: count,
  flowsLeftOut: count,
  parked: count,
  lost: closed({ datagrams: count, flows: count, flowsEstimated: Type.Boolean() }),
  takenBack: Type.Optional(
    closed(
      { datagrams: count, flows: count, restarts: count },
      'losses and restarts that were counted and turned out to be none: no longer in lost and restarts',
    ),
  ),
  duplicates: count,
  reordered: count,
  restarts: count,
  problems: Type.Record(Type.String(), count, {
    description: 'bad input by reason; only reasons that occurred',
  }),
  sampling: Type.Union([Type.Number(), Type.Null()], {
    description: '1 in so many packets; null: it samples, at an unknown rate',
  }),
  clockSkewSeconds: nullableNumber,
  interfaces: Type.Array(
    closed({ index: count, name: nullableText, alias: nullableText, speed: nullableNumber }),
  ),
  applications: Type.Record(Type.String(), Type.String(), {
    description: 'names by applicationId, as the exporter reported them',
  }),
  vrfs: Type.Record(Type.String(), Type.String(), { description: 'names by VRF id' }),
  doubled: Type.Array(closed({ with: Type.String(), share: Type.Number() }), {
    description:
      'the exporter that reports the same flows (its own address: it reports them both entering and leaving), and the share of its flows',
  }),
  statistics: Type.Record(Type.String(), Type.Number(), {
    description: 'what the exporter reports about its own export, by IPFIX name',
  }),
})
export type Exporter = Static<typeof Exporter>

export const ExportersAnswer = closed({ exporters: Type.Array(Exporter) })
export type ExportersAnswer = Static<typeof ExportersAnswer>

const Refused = closed({ address: Type.String(), datagrams: count, lastSeen: seconds })

/** Something an administrator should know, and what to do about it. */
export const Warning = closed({ what: Type.String(), remedy: Type.String() })
export type Warning = Static<typeof Warning>

export const StatusAnswer = closed({
  version: Type.String(),
  /** unix seconds of the answer: tells a page how old its data is. */
  now: seconds,
  /** Ingest's latest status; null if none has run on this data folder. */
  ingest: Type.Union([
    Type.Object({ running: Type.Boolean() }, { additionalProperties: true }),
    Type.Null(),
  ]),
  starting: Type.Boolean({
    description:
      'ingest holds the data folder but does not answer yet: datagrams wait in its journal',
  }),
  archive: closed({
    from: nullableSeconds,
    to: nullableSeconds,
    rows: count,
    bytes: nullableNumber,
    problems: Type.Array(Type.String()),
  }),
  series: Type.Array(
    closed({
      tier: Type.String(),
      step: Type.Number({ description: 'seconds' }),
      keep: Type.Number({ description: 'seconds' }),
      from: nullableSeconds,
      to: nullableSeconds,
      readable: Type.Boolean({
        description: 'false while the store does not answer; from and to are then null',
      }),
    }),
  ),
  refused: Type.Array(Refused),
  settings: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Null()])),
  warnings: Type.Array(Warning),
})
export type StatusAnswer = Static<typeof StatusAnswer>
