/** What to do about each kind of problem that the decoder counts, as the page and the doctor say it. */

export const moreTemplates = 'have the exporter send its templates more often, such as every minute'
export const itsClock = 'set its clock by NTP'
const cutShort = 'datagrams are cut on the way: check the MTU, and tunnels in between'
const newerSoftware =
  'the exporter sends what its NetFlow version does not allow: update its software'
const otherRemedy = 'look at the datagrams: the journal holds them as pcap files for tcpdump'
const nothing = 'nothing needs to be done'

/** By the decoder's name for the kind of problem. */
export const remedies: Record<string, string> = {
  'not-decoded': 'report the line of the log that has the datagram',
  'version-unknown': 'something else sends to this port; point it elsewhere',
  'template-missing-expired': moreTemplates,
  'parked-dropped': moreTemplates,
  'stream-evicted':
    'its losses are not known: too many ports, domains or sFlow agents send from its address; have each device send to Weir itself',
  'datagram-short': cutShort,
  'record-short': cutShort,
  'template-short': cutShort,
  'count-mismatch': newerSoftware,
  'set-length': newerSoftware,
  'set-id': newerSoftware,
  'template-id': newerSoftware,
  'template-empty': newerSoftware,
  'template-scope': newerSoftware,
  'field-length': newerSoftware,
  'template-changed': nothing,
  'withdrawal-ignored': nothing,
  'record-not-a-flow': nothing,
  'sampling-unknown': 'set the sampling rate in the names file, or have it exported by options',
  'time-missing': 'have it export the start and end of its flows',
  'clock-corrected': itsClock,
  'time-in-future': itsClock,
  'too-late':
    'have it export long flows each minute; one may be as old as WEIR_FLOW_MAX, and as the archive reaches back. One that seems 49 days long ended before it began, by its uptimes',
  'destination-translated':
    'what its hosts receive counts for its own public address: set `hosts: inside` for it under exporters in the names file',
}

/** What to do about a kind of problem. */
export function remedyOf(kind: string): string {
  return remedies[kind] ?? otherRemedy
}
