/** The journal's files: numbered pcap segments, and beside each the decoder's state at its start. */
import { Buffer } from 'node:buffer'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { checksum } from '../../store/manifest/lines.ts'
import { headersBytesMax } from '../capture/packet.ts'

export const fileHeaderBytes = 24
export const recordHeaderBytes = 16
const datagramBytesMax = 65_535
/** The largest record, without its header. */
export const packetBytesMax = datagramBytesMax + headersBytesMax
/** LINKTYPE_RAW: packets start with their IP header. */
export const linkTypeRaw = 101

/** The journal folder within a data folder. */
export function journalFolder(data: string): string {
  return join(data, 'journal')
}

/**
 * Stores the decoder's state at the start of a segment; durable when it resolves. The state is read
 * before this returns.
 * @throws if the disk refuses it
 */
export async function writeSidecar(folder: string, segment: number, state: unknown): Promise<void> {
  const json = JSON.stringify(state)
  const sidecar = join(folder, sidecarName(segment))
  const part = `${sidecar}.part`
  try {
    const file = await open(part, 'w', 0o600)
    try {
      await file.writeFile(`{"crc32":"${checksum(json)}","state":${json}}`)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(part, sidecar)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/**
 * The decoder's state at the start of a segment, or undefined if there is none: then it may be
 * damaged, and `onDamaged` is called.
 */
export async function readSidecar(
  folder: string,
  segment: number,
  onDamaged: () => void,
): Promise<unknown> {
  try {
    const text = await readFile(join(folder, sidecarName(segment)), 'utf8')
    const [head, found] = /^\{"crc32":"([0-9a-f]{8})","state":/.exec(text) ?? []
    const json = head === undefined ? null : text.slice(head.length, -1)
    // Older versions of Weir stored the state alone.
    if (json === null) return JSON.parse(text) as unknown
    if (found === checksum(json)) return JSON.parse(json) as unknown
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
  }
  onDamaged()
  return undefined
}

/** The numbers of the segments in the folder, ascending. */
export async function segments(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => /^\d{12}\.pcap$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
}

/** Deletes the segments before `segment` and all sidecars before it. */
export async function removeBefore(folder: string, segment: number): Promise<void> {
  const names = await readdir(folder)
  for (const name of names)
    if (/^\d{12}\.(pcap|json|json\.part)$/.test(name) && Number.parseInt(name, 10) < segment)
      await rm(join(folder, name), { force: true })
}

/** The name of a segment. */
export function segmentName(segment: number): string {
  return `${String(segment).padStart(12, '0')}.pcap`
}

/** The name of a segment's sidecar. */
function sidecarName(segment: number): string {
  return `${String(segment).padStart(12, '0')}.json`
}

/** The header of every segment. */
export function fileHeader(): Buffer {
  const header = Buffer.alloc(fileHeaderBytes)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(packetBytesMax, 16)
  header.writeUInt32LE(linkTypeRaw, 20)
  return header
}
