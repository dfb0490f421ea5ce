/**
 * The real programs that tests run beside Weir. Missing ones are installed under CI on Debian as
 * root; elsewhere the command that installs them is printed, and their tests are skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** A program, the Debian package that contains it, and what tests use it for. */
interface Part {
  command: string
  debianPackage: string
  about: string
}

const parts: readonly Part[] = [
  { command: 'nfcapd', debianPackage: 'nfdump', about: 'totals compared with another collector' },
  { command: 'nfdump', debianPackage: 'nfdump', about: 'totals compared with another collector' },
  { command: 'softflowd', debianPackage: 'softflowd', about: 'a real exporter' },
  { command: 'rrdtool', debianPackage: 'rrdtool', about: 'consolidation compared with RRDtool' },
  { command: 'chromium', debianPackage: 'chromium', about: 'the page in a real browser' },
  {
    command: 'chromium-headless-shell',
    debianPackage: 'chromium-headless-shell',
    about: 'the page in a browser without windows',
  },
  { command: 'pdftotext', debianPackage: 'poppler-utils', about: 'the text of printed reports' },
]

/** Whether CI requires that nothing be skipped. */
export const isCI = process.env['CI'] === 'true'

/** The parts missing here. */
function missingParts(): Part[] {
  return parts.filter(({ command }) => spawnSync('which', [command]).status !== 0)
}

/**
 * Why a test that needs a program must be skipped, or false. Under CI a missing part is a failure,
 * so there the test runs and fails.
 */
export function skipWithout(...commands: string[]): string | false {
  const missing = missingParts().filter(({ command }) => commands.includes(command))
  if (missing.length === 0 || isCI) return false
  return `${missing.map(({ command }) => command).join(', ')} is missing: ${installCommand(missing)}`
}

function installCommand(missing: readonly Part[]): string {
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))]
  return `apt-get install ${packages.join(' ')}`
}

/** Installs missing parts where we may (root on Debian, CI=true), otherwise says how. */
export function setUp(): void {
  const missing = missingParts()
  if (missing.length === 0) return
  const mayInstall = isCI && process.getuid?.() === 0 && existsSync('/etc/debian_version')
  if (!mayInstall) {
    for (const { command, about } of missing)
      console.log(
        `${command} is missing (${about}): its tests are skipped; ${installCommand(missing)}`,
      )
    return
  }
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  console.log(`installing ${missing.map(({ command }) => command).join(', ')} …`)
  apt('update')
  apt(
    'install',
    '-y',
    '--no-install-recommends',
    ...new Set(missing.map((part) => part.debianPackage)),
  )
}
