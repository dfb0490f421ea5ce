/** The reason receiving cannot start, if the administrator can fix it. */

export class CannotReceive extends Error {
  readonly remedy: string

  constructor(message: string, remedy: string) {
    super(message)
    this.name = 'CannotReceive'
    this.remedy = remedy
  }
}

/** What to do if a socket could not be bound, by the system's code. */
const bindRemedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop what holds it or choose another port in the settings',
  EMFILE: 'raise the limit of open files (ulimit -n, LimitNOFILE)',
  EACCES: 'choose a port from 1024 on in the settings, or give the process CAP_NET_BIND_SERVICE',
}

/** What to do if a socket could not be bound. */
export function bindRemedy({ code = '' }: NodeJS.ErrnoException): string {
  return bindRemedies[code] ?? 'name an address of this machine in the settings'
}

/** What to do about an error; null if it is a bug of ours. */
export function remedyOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if ('remedy' in error && typeof error.remedy === 'string') return error.remedy
  return 'syscall' in error ? 'look at the folder that it names' : null
}
