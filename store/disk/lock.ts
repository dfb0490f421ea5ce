/**
 * Locks between processes: the holder listens on a Unix socket, which the kernel releases however
 * the process ends, and which works between containers that share the folder.
 */
import { lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'

import { FolderUnusable, makeFolder } from './make-folder.ts'

/** How long the holder of a lock has to state its purpose. */
const answerMsMax = 1000
/** A longer path of a socket is an invalid argument: 107 bytes on Linux, 103 on macOS. */
const pathBytesMax = 103

export interface Lock {
  release(): Promise<void>
}

/** The processes that write to a data folder. */
export type Writer = 'ingest' | 'replay' | 'rebuild' | 'migrate'

/** The lock of a data folder's one writer; its purpose is a Writer. */
export function writerLockPath(data: string): string {
  return join(data, 'run', 'writer.sock')
}

/**
 * Takes the lock at a path, creating its folder if need be; null if another process holds it.
 * Whoever asks is told its `purpose`.
 * @throws FolderUnusable if no folder or socket can be created there
 */
export async function takeLock(path: string, purpose = ''): Promise<Lock | null> {
  await makeFolder(dirname(path))
  const server = await listenAt(path, purpose)
  if (server) return lockOf(server)
  const found = identityOf(path)
  if (await answers(path)) return null
  removeDead(path, found)
  const second = await listenAt(path, purpose)
  return second && lockOf(second)
}

/**
 * The purpose of the lock at a path; null if nobody holds it, or the holder is too busy to answer.
 */
export function lockPurpose(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let purpose = ''
    const socket = connect(path)
    socket.setEncoding('utf8')
    socket.setTimeout(answerMsMax, () => socket.destroy(new Error('it does not say')))
    socket.on('data', (part: string) => {
      purpose += part
    })
    socket.once('end', () => resolve(purpose))
    socket.once('error', () => resolve(null))
  })
}

function lockOf(server: Server): Lock {
  server.unref()
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Differs for two sockets that are at a path one after the other; null if there is none. */
function identityOf(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found ? `${found.ino} ${found.ctimeNs}` : null
}

/**
 * Removes the socket of a holder that has ended, unless another process that found it too has put its own there.
 * Synchronous, so that nothing comes between the look and the removal.
 */
function removeDead(path: string, dead: string | null): void {
  try {
    // Of what refuses it, rmSync gives no code.
    if (dead !== null && identityOf(path) === dead) unlinkSync(path)
  } catch (error) {
    throw new FolderUnusable(dirname(path), error as NodeJS.ErrnoException)
  }
}

/** The server, or null if the path is taken. */
function listenAt(path: string, purpose: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      // A client that only checked whether the lock is held has gone by now.
      socket.once('error', () => socket.destroy())
      socket.end(purpose, () => socket.destroy())
    })
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else {
        const isTooLong = Buffer.byteLength(path) > pathBytesMax
        reject(
          new FolderUnusable(dirname(path), isTooLong ? { ...error, code: 'ENAMETOOLONG' } : error),
        )
      }
    })
    server.listen(path, () => resolve(server))
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
