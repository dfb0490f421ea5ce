/** The result of one check. */

/** ok: as it should be; warning: look into it when you can; fault: something does not work. */
export type FindingState = 'ok' | 'warning' | 'fault'

export interface Finding {
  /** What was checked. */
  check: string
  state: FindingState
  what: string
  /** What to do about it; absent if all is well. */
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
