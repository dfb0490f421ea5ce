/**
 * Locks between processes: who holds one listens on a Unix socket, which the kernel frees when the
 * process ends however it ends, and which works between containers that share the folder.
 */
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { dirname } from 'node:path'

import { FolderUnusable, makeFolder } from './make-folder.ts'

export interface Lock {
  release(): Promise<void>
}

/**
 * Takes the lock at a path, making its folder if need be; null where another process holds it.
 * @throws FolderUnusable where no folder or socket can be made there
 */
export async function takeLock(path: string): Promise<Lock | null> {
  await makeFolder(dirname(path))
  const server = await listenAt(path)
  if (server) return lockOf(server)
  if (await answers(path)) return null
  await rm(path, { force: true }).catch((error: NodeJS.ErrnoException) => {
    throw new FolderUnusable(dirname(path), error)
  })
  const second = await listenAt(path)
  return second && lockOf(second)
}

function lockOf(server: Server): Lock {
  server.unref()
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** The server, or null where the path is taken. */
function listenAt(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(new FolderUnusable(dirname(path), error))
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
