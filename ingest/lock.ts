/**
 * One writer a data folder: who writes holds a Unix socket in it, which the kernel frees when the
 * process ends however it ends, and which works between containers that share the folder.
 */
import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** Another process writes to the data folder. */
export class DataFolderBusy extends Error {
  constructor(data: string) {
    super(
      `${data} is in use by a running ingest, replay or rebuild: stop it, or name another folder`,
    )
    this.name = 'DataFolderBusy'
  }
}

export interface Lock {
  release(): Promise<void>
}

/**
 * Takes the data folder for writing, making it if need be.
 * @throws DataFolderBusy where another process holds it
 */
export async function lockDataFolder(data: string): Promise<Lock> {
  await mkdir(join(data, 'run'), { recursive: true, mode: 0o700 })
  const path = join(data, 'run', 'writer.sock')
  const server = await listenAt(path)
  if (server) return lockOf(server)
  if (await answers(path)) throw new DataFolderBusy(data)
  await rm(path, { force: true })
  const second = await listenAt(path)
  if (!second) throw new DataFolderBusy(data)
  return lockOf(second)
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
      else reject(new Error(`${path} cannot be made: ${error.message}`, { cause: error }))
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
