/**
 * All limits of the decoder in one place. Anyone can send UDP, so nothing that a datagram adds to
 * the decoder's memory may grow without one of these.
 */

export interface DecoderLimits {
  /** Exporters remembered; beyond, the ones silent longest are forgotten. */
  exportersMax: number
  /** Streams (version, domain, source port, sFlow agent) per exporter. */
  streamsPerExporterMax: number
  /** Streams of all exporters. */
  streamsMax: number
  /** Templates per stream. */
  templatesPerStreamMax: number
  /** Templates of all exporters, and their fields. */
  templatesMax: number
  templateFieldsMax: number
  /**
   * Fields of compiled templates, which take some ten times the memory of the templates; templates
   * with the same fields count once.
   */
  compiledFieldsMax: number
  /** Bytes of data sets waiting for their template: per stream, and in total. */
  parkedBytesPerStreamMax: number
  parkedBytesMax: number
  /** How long a data set waits for its template. */
  parkedMs: number
  /** Samplers, interfaces, applications and VRFs named in the options data of one exporter. */
  optionEntriesPerExporterMax: number
  /** Names and descriptions of all exporters, in characters. */
  optionTextMax: number
  /** Flows of all exporters of which it is remembered what counted: see counted-before/. */
  countedFlowsMax: number
  /** Sessions of all exporters whose last end is remembered, a power of 2: see kept-starts.ts. */
  keptStartsMax: number
}

export const decoderLimits: DecoderLimits = {
  exportersMax: 1024,
  streamsPerExporterMax: 64,
  streamsMax: 4096,
  templatesPerStreamMax: 256,
  templatesMax: 16_384,
  templateFieldsMax: 262_144,
  compiledFieldsMax: 4096,
  parkedBytesPerStreamMax: 1_048_576,
  parkedBytesMax: 16_777_216,
  parkedMs: 1_860_000,
  optionEntriesPerExporterMax: 8192,
  optionTextMax: 4_194_304,
  countedFlowsMax: 131_072,
  keptStartsMax: 131_072,
}

/** Nesting depth of lists (RFC 6313) that is read; real exporters use two. */
export const listDepthMax = 8

/** Largest payload of UDP over IPv4. */
export const datagramBytesMax = 65_507

/** Data records per datagram; real exporters stay within an Ethernet frame. */
export const recordsPerDatagramMax = 4096

/** Fields per template. */
export const fieldsPerTemplateMax = 512

/** Longest record of a template; a set's length has 16 bits. */
export const recordBytesMax = 65_535

/**
 * Most rows that one call of decode can append: both directions of a full datagram, and parked
 * data.
 */
export const decoderRowsMax = 16_384

/** Longest text stored from an options record, in characters. */
export const optionTextLengthMax = 256

/** Largest count of a row after scaling by its sampling rate. */
export const countMax = Number.MAX_SAFE_INTEGER

/**
 * An exporter's time further in the future than this is clamped; also the smallest skew that is
 * corrected.
 */
export const clockToleranceMs = 300_000

/** Times relative to an uptime differ by up to this: export times are in whole seconds. */
export const uptimeToleranceMs = 2000

/**
 * A datagram that is late by up to this many datagrams is not taken for a restart; a power of 2.
 */
export const reorderWindowDatagrams = 64

/** Missing ranges of sequence numbers remembered, so that late datagrams can correct the losses. */
export const missingRangesMax = 256

/** Domains of one exporter with statistics. */
export const statisticDomainsMax = 64
