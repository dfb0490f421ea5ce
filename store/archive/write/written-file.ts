/** Writes a file and verifies what is on the disk, before it becomes known. */
import { readSync } from 'node:fs'
import { open } from 'node:fs/promises'

/** Bytes read back at once. */
const readBytes = 1 << 18

let room = Buffer.alloc(0)

/**
 * Writes pieces as a new file, syncs it, and reads it back; returns its size.
 * @throws if the file exists, or if the bytes read back differ
 */
export async function writeWhole(path: string, pieces: readonly Buffer[]): Promise<number> {
  const file = await open(path, 'wx+', 0o600)
  try {
    await file.writev(pieces)
    await file.sync()
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    const { size } = await file.stat()
    if (size !== bytes || !isThere(file.fd, pieces))
      throw Object.assign(
        new Error(`what was read back of ${path} differs from what was written`),
        {
          remedy: 'look whether its disk is full (df) or fails (dmesg)',
        },
      )
    return bytes
  } finally {
    await file.close()
  }
}

/** Whether a file begins with the bytes of the pieces. */
function isThere(file: number, pieces: readonly Buffer[]): boolean {
  if (room.length === 0) room = Buffer.alloc(readBytes)
  let [at, read, used] = [0, 0, 0]
  for (const piece of pieces)
    for (let from = 0; from < piece.length;) {
      if (used === read) {
        // An asynchronous read would cost more than the read itself: the kernel still has the data.
        read = readSync(file, room, 0, readBytes, at)
        if (read === 0) return false
        at += read
        used = 0
      }
      const length = Math.min(piece.length - from, read - used)
      if (room.compare(piece, from, from + length, used, used + length) !== 0) return false
      from += length
      used += length
    }
  return true
}
