/** The ways in which exporters' data can be wrong. Each is counted per exporter, never thrown. */
export const problems = {
  'version-unknown': 'The datagram is of no version that is decoded.',
  'not-decoded': 'Weir itself failed at a datagram; its flows are missing.',
  'datagram-short': 'The datagram ends before what its header announces.',
  'datagram-long': 'Bytes follow what the header announces; they were ignored.',
  'count-mismatch': 'The header gives another number of records than the datagram holds.',
  'set-length': 'A set is shorter than its own header or longer than the rest of the datagram.',
  'set-id': 'A set has an id that the standard reserves; it was skipped.',
  'set-trailing': 'A data set is shorter than one record of its template.',
  'template-id': 'A template has an id below 256.',
  'template-empty': 'A template describes records of no length, which nothing can be read from.',
  'template-too-long': 'A template has too many fields or describes too long a record.',
  'template-short': 'A template set ends within a template.',
  'template-scope': 'An options template has more scope fields than fields.',
  'template-changed': 'A template came again with other fields; the new one counts from then on.',
  'template-evicted': 'A template was forgotten because there were too many.',
  'template-missing-expired': 'A data set was dropped because its template did not come in time.',
  'parked-dropped': 'A data set was dropped because too much was waiting for templates.',
  'withdrawal-ignored': 'A template was withdrawn over UDP, which RFC 7011 says to ignore.',
  'list-short': 'A list within a record ends within itself; the rest of it was skipped.',
  'list-too-deep':
    'Lists lie deeper within each other than any exporter has reason to; they were skipped.',
  'list-skipped':
    'A list within a record holds no flows of its own, or its template is not known; it was skipped.',
  'record-short': 'A record of variable length ends beyond its set.',
  'records-too-many': 'A datagram holds more records than the decoder takes.',
  'record-not-a-flow': 'A data record has neither addresses nor counts.',
  'field-length': 'A field has a length that its element cannot have; it was not read.',
  'counter-too-large':
    'A counter is above 2^53, by itself or by its sampling rate, and was taken as 0.',
  'time-missing': 'A record says nothing of its time; the time of export was taken.',
  'time-reversed': 'The last packet came before the first; both were taken as the first.',
  'time-in-future': 'A time lies over 5 minutes after its receipt and was clamped to it.',
  'too-late':
    'A flow was older than WEIR_FLOW_MAX at its receipt: it is in the archive and not in the series. Or it began before the archive does: only what came since is in the series.',
  'clock-corrected': "The exporter's clock is more than 5 minutes off; times were corrected.",
  'sampling-unknown':
    'The exporter samples and does not tell the rate, or several: the counts stand as it sent them.',
  'stream-evicted': 'A stream of an exporter was forgotten because it had too many.',
  'destination-translated':
    'A record gives a public address as its destination, and the host behind it only as the address after translation.',
  'counted-forgotten':
    'An exporter counts again what it counted before, of more flows than are remembered: of a flow that was forgotten nothing more counts.',
  'options-too-many': 'Options data was not kept because there was too much.',
} as const satisfies Record<string, string>

export type Problem = keyof typeof problems
