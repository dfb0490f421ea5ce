/** A case of a corpus: real exports with other decoders' results, as a folder with a case.json. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { formatAddress } from '../../flow/address.ts'
import { readPacket } from '../../ingest/capture/packet.ts'
import { readCapture } from '../../ingest/capture/read.ts'

/** tshark's counts over the whole case; absent means none. Its flows include options records. */
interface TsharkCounts {
  flows?: number
  templates?: number
  opt_templates?: number
  octets_sum?: number
  packets_sum?: number
  sflow_flow_samples?: number
  sflow_counter_samples?: number
  malformed?: number
}

interface CaseFile {
  file: string
  datagrams: number
  form: string
}

interface CaseDescription {
  id: string
  files_in_order: CaseFile[]
  expected: string[]
  tshark: (TsharkCounts & { datagrams?: number }) | null
}

/** One UDP payload of a case, in order. */
export interface CorpusDatagram {
  payload: Uint8Array
  source: string
  sourcePort: number
}

export interface CorpusCase {
  id: string
  /** Number of files with datagrams. */
  files: number
  /** Absolute. */
  folder: string
  datagrams: CorpusDatagram[]
  /** The number of datagrams according to the description. */
  datagramsExpected: number
  tshark: TsharkCounts | null
  /** Files of other decoders' results, relative to the folder. */
  goldens: string[]
}

/** The assumed source of payloads stored without their packets. */
const unknownSource = { source: '192.0.2.1', sourcePort: 9996 }

/** The names of a corpus's cases, in order. */
export function caseNames(corpus: string): string[] {
  return readdirSync(corpus)
    .filter((name) => existsSync(join(corpus, name, 'case.json')))
    .toSorted()
}

/** Reads a complete case. */
export async function readCase(corpus: string, name: string): Promise<CorpusCase> {
  const folder = join(corpus, name)
  const description = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as CaseDescription
  const files = description.files_in_order
  const datagrams: CorpusDatagram[] = []
  for (const file of files) datagrams.push(...(await readPayloads(folder, file)))
  const datagramsExpected = files.reduce((sum, file) => sum + file.datagrams, 0)
  // Some captures have datagrams in packets other than UDP (an ICMP error quotes one): goldens count them.
  if (datagrams.length !== datagramsExpected && existsSync(join(folder, wrapped)))
    datagrams.splice(
      0,
      Infinity,
      ...(await readPayloads(folder, { ...files[0]!, file: wrapped, form: 'pcap' })),
    )
  const own = new Set(files.map(({ file }) => file))
  const goldens = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => !own.has(file) && !notGoldens.test(file))
    .toSorted()
  return {
    id: description.id,
    files: files.length,
    folder,
    datagrams,
    datagramsExpected,
    tshark: description.tshark,
    goldens,
  }
}

/** All payloads of a case as packets of one capture. */
const wrapped = '_wrapped.pcap'
const notGoldens = /^(case\.json|_wrapped\.pcap)$/

async function readPayloads(folder: string, { file, form }: CaseFile): Promise<CorpusDatagram[]> {
  const path = join(folder, file)
  if (form !== 'pcap')
    return splitPayloads(readFileSync(path), form).map((payload) => ({ payload, ...unknownSource }))
  const datagrams: CorpusDatagram[] = []
  for await (const { bytes, linkType } of readCapture(path)) {
    const datagram = readPacket(bytes, linkType)
    if (!datagram || datagram.payload.length === 0) continue
    datagrams.push({
      payload: datagram.payload.slice(),
      source: formatAddress(...datagram.source),
      sourcePort: datagram.sourcePort,
    })
  }
  return datagrams
}

const v9 = { version: 9, headerBytes: 20 }
const ipfix = { version: 10, headerBytes: 16 }

/** Splits payloads concatenated in one file: IPFIX has its length, v9 ends where the next begins. */
function splitPayloads(bytes: Uint8Array, form: string): Uint8Array[] {
  if (!form.includes('concatenated')) return [bytes]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const payloads: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const next = Math.min(bytes.length, at + payloadBytes(view, at))
    payloads.push(bytes.subarray(at, next))
    at = next
  }
  return payloads
}

function payloadBytes(view: DataView, at: number): number {
  const rest = view.byteLength - at
  const version = rest >= ipfix.headerBytes ? view.getUint16(at) : 0
  if (version === ipfix.version) return Math.max(ipfix.headerBytes, view.getUint16(at + 2))
  if (version !== v9.version || rest < v9.headerBytes) return rest
  let next = at + v9.headerBytes
  // No set has an id from 2 to 255, so 9 is the version of the next datagram.
  while (next + 4 <= view.byteLength && view.getUint16(next) !== v9.version)
    next += Math.max(4, view.getUint16(next + 2))
  return next - at
}
