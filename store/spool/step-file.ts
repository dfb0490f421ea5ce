/**
 * Steps in files: one file per write, each step compressed separately, so that it can be read alone.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { deserialize, serialize } from 'node:v8'
import { promisify } from 'node:util'
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib'

import { isLost } from '../disk/file-fault.ts'
import type { StepRows } from '../series.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Where a step is stored. */
export interface Place {
  /** The number of the file. */
  segment: number
  offset: number
  length: number
  crc: number
  rows: number
}

/** Writes steps to a new file and returns their places; durable when it resolves. */
export async function writeSteps(
  path: string,
  segment: number,
  steps: readonly StepRows[],
): Promise<Place[]> {
  const file = await open(path, 'w', 0o600)
  try {
    const places: Place[] = []
    let offset = 0
    for (const step of steps) {
      const bytes = await compress(serialize(step), options)
      await writeAll(file, bytes)
      const rows = step.measurements.reduce((sum, { count }) => sum + count, 1)
      places.push({ segment, offset, length: bytes.length, crc: crc32(bytes), rows })
      offset += bytes.length
    }
    await file.sync()
    return places
  } finally {
    await file.close()
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;)
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
}

/**
 * A step as it was written, or null if the disk does not return what was written.
 * @throws if it cannot be read for now
 */
export async function readStep(path: string, place: Place): Promise<StepRows | null> {
  try {
    return await read(path, place)
  } catch (error) {
    if (isLost(error)) return null
    throw error
  }
}

async function read(path: string, { offset, length, crc }: Place): Promise<StepRows | null> {
  const file = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await file.read(bytes, 0, length, offset)
    if (bytesRead !== length || crc32(bytes) !== crc) return null
    return deserialize(await decompress(bytes)) as StepRows
  } finally {
    await file.close()
  }
}
