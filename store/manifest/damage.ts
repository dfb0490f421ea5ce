/** Tells a manifest that the disk has damaged from one that a crash has cut off. */
import { dirname } from 'node:path'

import { newline } from './lines.ts'

/** A manifest that is not as it was written, which no crash explains. */
class ManifestDamaged extends Error {
  readonly remedy: string

  constructor(what: string, remedy: string) {
    super(what)
    this.name = 'ManifestDamaged'
    this.remedy = `look at the disk, and restore this file from a backup; ${remedy}`
  }
}

/** The failure of a manifest that must have existed. */
export function lost(path: string): ManifestDamaged {
  return new ManifestDamaged(
    `${path} is missing or empty, but there are files that it listed`,
    `to begin without them, move ${dirname(path)} away`,
  )
}

/** @throws ManifestDamaged if the bytes from `at` on, where the first invalid line begins, were not torn by a crash */
export function checkLines(path: string, bytes: Buffer, at: number): void {
  if (at === bytes.length || !isDamagedAt(bytes, at)) return
  const line = lineAt(bytes, at)
  throw new ManifestDamaged(
    `${path} is damaged in line ${line}: its checksum is wrong`,
    `to go on without what the line lists, delete it: sed -i ${line}d ${path}`,
  )
}

/**
 * A crash tears only the last line, which is cut off or has zeros where the disk had not written it
 * yet; and never the first, which was synced before the file got its name.
 */
function isDamagedAt(bytes: Buffer, at: number): boolean {
  if (at === 0) return true
  const end = bytes.indexOf(newline, at)
  return end >= 0 && (bytes.includes(newline, end + 1) || !bytes.subarray(at, end).includes(0))
}

/** The number of the line that begins at `at`, as editors count. */
function lineAt(bytes: Buffer, at: number): number {
  return bytes.subarray(0, at).toString('latin1').split('\n').length
}
