/** What a look at one thing gives. */

/** ok: as it should be; warning: look at it when you can; fault: something does not work. */
export type FindingState = 'ok' | 'warning' | 'fault'

export interface Finding {
  /** What was looked at. */
  check: string
  state: FindingState
  what: string
  /** What to do about it; none where all is well. */
  remedy?: string
}

export function ok(check: string, what: string): Finding {
  return { check, state: 'ok', what }
}

export function warning(check: string, what: string, remedy: string): Finding {
  return { check, state: 'warning', what, remedy }
}

export function fault(check: string, what: string, remedy: string): Finding {
  return { check, state: 'fault', what, remedy }
}
