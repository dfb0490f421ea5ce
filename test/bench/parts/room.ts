/** Bytes per flow in the archive, beside nfdump's files of the same flows. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { skipWithout } from '../../setup/parts.ts'
import { archiveSize, type ArchiveSize } from '../archive-size.ts'
import type { Figure } from '../figure.ts'
import type { Part } from './part.ts'

const monday = fileURLToPath(new URL('../../captures/monday-outage.v9.pcap.gz', import.meta.url))
const asked = { bytes: 14, ofLz4: 0.35, ofBz2: 0.7 }

export const room: Part = async ({ isWhole }) => {
  if (skipWithout('nfcapd', 'nfdump')) return []
  const flows = isWhole ? 10_000_000 : 1_000_000
  const hours = (24 * flows) / 10_000_000
  return [
    ...figuresOf(`${flows.toLocaleString('en')} made v5 flows`, await sizeOf({ flows, hours })),
    ...figuresOf('the bundled Monday', await sizeOf({ capture: monday })),
  ]
}

async function sizeOf(source: Parameters<typeof archiveSize>[1]): Promise<ArchiveSize> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-size-'))
  try {
    return await archiveSize(folder, source)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function figuresOf(what: string, { bytesAFlow: { archive, lz4, bz2 } }: ArchiveSize): Figure[] {
  const figure = { what: `archive, ${what}`, value: archive, unit: 'bytes a flow' }
  return [
    { ...figure, asked: { most: asked.bytes } },
    { ...figure, beside: { name: 'nfdump, lz4', value: lz4 }, asked: { most: asked.ofLz4, ofBeside: true } }, // prettier-ignore
    { ...figure, beside: { name: 'nfdump, bz2', value: bz2 }, asked: { most: asked.ofBz2, ofBeside: true } }, // prettier-ignore
  ]
}
