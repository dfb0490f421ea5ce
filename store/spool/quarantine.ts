/** Lines that a store cannot read, put aside in a file so that the others get through. */
import { appendFile, open, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Beyond this, lines are only counted. */
const bytesMax = 10_000_000

export class Quarantine {
  readonly path: string

  /** `name`: such as quarantine.lp, by the format of the lines. */
  constructor(folder: string, name: string) {
    this.path = join(folder, name)
  }

  /** Appends lines under a comment that says when and why; durable when it resolves. */
  async add(lines: readonly string[], { reason, now }: { reason: string; now: number }) {
    const { size } = await stat(this.path).catch(() => ({ size: 0 }))
    const said = reason.replaceAll(/\s+/g, ' ')
    const text = `# ${new Date(now).toISOString()} ${said}\n${lines.join('\n')}\n`
    if (size + text.length > bytesMax) return
    await appendFile(this.path, text, { mode: 0o600 })
    const file = await open(this.path, 'r')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  }
}
