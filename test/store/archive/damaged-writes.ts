/**
 * Preloaded into a process (--import), damages what the archive's threads write while the file named by WEIR_DAMAGE
 * exists: the byte at the relative position given in it, or everything after that (`cut`).
 */
import { existsSync, readFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { isMainThread } from 'node:worker_threads'

export interface Damage {
  share: number
  isCut: boolean
}

const told = process.env['WEIR_DAMAGE']!

function damaged(pieces: readonly Buffer[]): Buffer {
  const { share, isCut } = JSON.parse(readFileSync(told, 'utf8')) as Damage
  const bytes = Buffer.concat(pieces)
  const at = Math.floor(share * (bytes.length - 1))
  if (isCut) return bytes.subarray(0, at)
  bytes[at]! ^= 1
  return bytes
}

if (!isMainThread) {
  const file = await open(import.meta.filename)
  const handles = Object.getPrototypeOf(file) as Pick<FileHandle, 'writev'>
  await file.close()
  const writev = handles.writev as (this: unknown, pieces: readonly Buffer[]) => Promise<unknown>
  const writeDamaged = function (this: unknown, pieces: readonly Buffer[]) {
    return writev.call(this, existsSync(told) ? [damaged(pieces)] : pieces)
  }
  Object.assign(handles, { writev: writeDamaged })
}
