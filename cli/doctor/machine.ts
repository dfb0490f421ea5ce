/** What Weir needs from the machine: a writable data folder, disk space, buffers, a correct clock. */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'

import { reasonOf } from '../../flow/reason.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { formatWithUnit } from '../../flow/units.ts'
import { writeCanary } from '../health.ts'
import { fault, ok, warning, type Finding } from './finding.ts'

/** With less than this left, files can no longer be written completely. */
const freeBytesMin = 1e9
const othersMayRead = 0o077

/** The data folder: it exists, is ours, is closed to others, and can be written. */
export async function checkFolder(
  { data }: Settings,
  status: IngestStatus | null,
): Promise<Finding[]> {
  const path = resolve(data)
  const found = await stat(path).catch(() => null)
  if (!found) return [await checkParent(path)]
  if (!found.isDirectory())
    return [fault('folder', `${path} is not a folder`, 'name a folder in WEIR_DATA')]
  const findings: Finding[] = []
  if ((found.mode & othersMayRead) !== 0)
    findings.push(
      warning(
        'folder',
        `${path} can be read by other users (mode ${(found.mode & 0o777).toString(8)})`,
        `chmod 700 ${path}`,
      ),
    )
  // What is written to a disk that hangs is waited for without end.
  if (status?.stalledSeconds !== undefined) {
    const seconds = Math.round(status.stalledSeconds)
    findings.push(
      fault(
        'folder',
        `the disk of ${path} has taken nothing for ${seconds} s`,
        'check it (dmesg, iostat -x), and the server if it is in a network',
      ),
    )
    return findings
  }
  try {
    await writeCanary(path)
    findings.push(ok('folder', `${path} can be written`))
  } catch (error) {
    const user = process.getuid?.()
    findings.push(
      fault(
        'folder',
        reasonOf(error),
        `check that user ${user} owns it (chown -R ${user} ${path}), and that its disk is mounted and not full`,
      ),
    )
  }
  return findings
}

async function checkParent(path: string): Promise<Finding> {
  try {
    // With a slash, a file is no folder.
    await access(`${await nearest(path)}/`, constants.W_OK)
    return ok('folder', `${path} does not exist yet; the first start creates it`)
  } catch {
    const remedy = `create it for the user that runs Weir: install -d -m 700 -o USER ${path}`
    return fault('folder', `${path} does not exist and cannot be created`, remedy)
  }
}

/** The path, or the nearest folder above it that exists: a start creates those below. */
async function nearest(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  return isThere || dirname(path) === path ? path : nearest(dirname(path))
}

/** Space for what the archive may still grow to. */
export async function checkDisk(
  { data, archiveMaxBytes }: Settings,
  archiveBytes: number,
): Promise<Finding[]> {
  const path = resolve(data)
  const disk = await statfs(await nearest(path)).catch(() => null)
  if (!disk) return []
  const free = disk.bavail * disk.bsize
  const text = `${formatWithUnit(free, 'B')} free on the disk of ${path}`
  if (free < freeBytesMin)
    return [
      fault(
        'disk',
        text,
        'free some space, or lower WEIR_ARCHIVE_MAX: nothing can be stored on a full disk',
      ),
    ]
  const growth = Math.max(0, archiveMaxBytes - archiveBytes)
  if (free < growth)
    return [
      warning(
        'disk',
        `${text}, and the archive may grow by ${formatWithUnit(growth, 'B')}`,
        'lower WEIR_ARCHIVE_MAX to what the disk can hold, or use a larger disk',
      ),
    ]
  return [ok('disk', text)]
}

/** The receive buffer that the kernel grants. */
export async function checkKernel({ receiveBufferBytes }: Settings): Promise<Finding[]> {
  const limit = Number(await readFile('/proc/sys/net/core/rmem_max', 'utf8').catch(() => 'NaN'))
  if (limit < receiveBufferBytes)
    return [
      warning(
        'kernel',
        `the kernel grants ${formatWithUnit(limit, 'B')} of the ${formatWithUnit(receiveBufferBytes, 'B')} receive buffer asked for: bursts may be lost`,
        `echo net.core.rmem_max=${receiveBufferBytes} > /etc/sysctl.d/60-weir.conf && sysctl --system, and start ingest again`,
      ),
    ]
  if (Number.isNaN(limit)) return []
  return [ok('kernel', `receive buffers up to ${formatWithUnit(limit, 'B')}`)]
}

const clockRemedy = 'let NTP set it: timedatectl set-ntp true, or install chrony'

/** Whether the clock is synchronised. */
export async function checkClock(): Promise<Finding[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'timedatectl',
      ['show', '-p', 'NTPSynchronized', '--value'],
      {
        timeout: 3000,
      },
    )
    if (stdout.trim() === 'yes') return [ok('time', 'the clock is synchronised by NTP')]
    if (stdout.trim() === 'no')
      return [warning('time', 'the clock of this machine is not synchronised', clockRemedy)]
  } catch {
    // No systemd here, as in a container: the clock is the host's business.
  }
  return [
    ok(
      'time',
      `the clock says ${new Date().toISOString()}; whether it is synchronised cannot be seen from here`,
    ),
  ]
}
