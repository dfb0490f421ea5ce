/** What a failure to read a file tells: whether the file is broken for good, or cannot be read for now. */
import { accessSync, constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'

import { reasonOf } from '../../flow/reason.ts'
import { QueryTooLarge } from '../query-error.ts'

/** Refusals of the system that last: no later attempt brings the file back. With too many open files, it does. */
const lasting = ['ENOENT', 'EIO']
/** Failures of DuckDB itself; its errors differ only in their first words. */
const ofEngine = /^(Out of Memory|INTERRUPT|FATAL) Error/
/** More than any reader opens at once to read a single file. */
const handles = 8

/** Refusals for lack of permission: the file is intact, and they last until an administrator changes its owner. */
const forbidden = ['EACCES', 'EPERM']

/** Whether the system refuses a file for good. */
export function isLost(error: unknown): boolean {
  return lasting.includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Whether this user lacks permission. */
export function isForbidden(error: unknown): boolean {
  return forbidden.includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Whether this user may read a file, or nothing is known against it. */
export function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch (error) {
    return !isForbidden(error)
  }
}

/** Why a reader leaves out a file that it may not read: until then, and no longer. */
export const noPermission =
  'the user that Weir runs as has no permission to read it; give it to that user (chown)'

/** How the flows of a broken file of the archive, and the steps of one of the series, come back. */
export const restoredFlows = 'restore this one from a backup if there is one'
export const restoredSeries =
  'make its time again while the archive has the flows: weir rebuild --from TIME --to TIME'

/**
 * What to do about a file that is left out, by the sentence that says why: if only permission is
 * lacking, nothing is lost.
 */
export function leftOutRemedy(sentence: string, restored: string): string {
  const rest = sentence.endsWith(noPermission) ? 'until then nothing is lost' : restored
  return `queries use the other files; ${rest}`
}

/**
 * Like `brokenBecause`, for a process that only reads: a file without permission is left out too, with `noPermission`.
 * A writer must not take it for broken.
 */
export async function leftOutBecause(
  path: string,
  read: () => Promise<unknown>,
): Promise<string | null> {
  try {
    return await brokenBecause(path, read)
  } catch (error) {
    if (isForbidden(error)) return noPermission
    throw error
  }
}

/**
 * Why a file that could not be read is broken: the system opens it, or has lost it, and `read`,
 * which reads it whole, fails again. Null if it can be read.
 * @throws what prevents reading it for now, such as too many open files or too little memory
 */
export async function brokenBecause(
  path: string,
  read: () => Promise<unknown>,
): Promise<string | null> {
  try {
    await openSeveral(path)
    await read()
    return null
  } catch (error) {
    if (isForNow(error)) throw error
    // DuckDB does not say why it could not open a file.
    if (!isLost(error))
      await openSeveral(path).catch((refused: unknown) => {
        if (!isLost(refused)) throw refused
      })
    // The sentence that gets this names the file; where it lies is not for whoever asks.
    return reasonOf(error).split('\n')[0]!.replaceAll(path, basename(path))
  }
}

function isForNow(error: unknown): boolean {
  const isOfSystem = (error as NodeJS.ErrnoException).syscall !== undefined
  return (
    (isOfSystem && !isLost(error)) ||
    error instanceof QueryTooLarge ||
    ofEngine.test(reasonOf(error))
  )
}

/** Opens a file as often as a reader might. @throws the system's refusal */
async function openSeveral(path: string): Promise<void> {
  const opened = await Promise.allSettled(Array.from({ length: handles }, () => open(path, 'r')))
  for (const each of opened) if (each.status === 'fulfilled') await each.value.close()
  for (const each of opened) if (each.status === 'rejected') throw each.reason
}
