/**
 * Every bound of the decoder in one place. Senders of UDP can be anyone, so nothing that a datagram
 * makes the decoder remember may grow without one of these.
 */

export interface DecoderLimits {
  /** Exporters remembered; beyond it the longest silent are forgotten. */
  exportersMax: number
  /** Streams (version, domain, source port) of one exporter. */
  streamsPerExporterMax: number
  /** Streams of all exporters together. */
  streamsMax: number
  /** Templates of one stream. */
  templatesPerStreamMax: number
  /** Templates of all exporters together, and the fields of all of these. */
  templatesMax: number
  templateFieldsMax: number
  /**
   * Compiled templates, which take some ten times the memory of their fields: fields of all of these,
   * templates of the same fields counted once.
   */
  compiledFieldsMax: number
  /** Bytes of data sets waiting for their template: of one stream, and of all together. */
  parkedBytesPerStreamMax: number
  parkedBytesMax: number
  /** How long a data set waits for its template. */
  parkedMs: number
  /** Samplers, interfaces, applications and VRFs named by the options data of one exporter. */
  optionEntriesPerExporterMax: number
  /** Names and descriptions of all exporters together, in characters. */
  optionTextMax: number
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
}

/** Lists in lists (RFC 6313) that are looked into; real exporters have two. */
export const listDepthMax = 8

/** Greatest payload that UDP over IPv4 carries. */
export const datagramBytesMax = 65_507

/** Data records that one datagram may hold; real exporters stay within an Ethernet frame. */
export const recordsPerDatagramMax = 4096

/** Fields of one template. */
export const fieldsPerTemplateMax = 512

/** Longest record that a template may describe; a set's length is 16 bits. */
export const recordBytesMax = 65_535

/** Most rows one call of decode can append: both directions of a full datagram, and parked data. */
export const decoderRowsMax = 16_384

/** Longest text kept of an options record, in characters. */
export const optionTextLengthMax = 256

/** Greatest count of a row, scaled by its sampling rate. */
export const countMax = Number.MAX_SAFE_INTEGER

/** How far in the future an exporter's time may lie before it is clamped; also the least skew corrected. */
export const clockToleranceMs = 300_000

/** Datagrams back within which a late one is still told apart from a restart; a power of 2. */
export const reorderWindowDatagrams = 64

/** Missing ranges of sequence numbers that are remembered, so that late datagrams can take them back. */
export const missingRangesMax = 256

/** Domains of one exporter whose statistics are kept. */
export const statisticDomainsMax = 64
