/** Alerts as stored: what they watch, their condition, and who is notified. */

export type AlertSubject =
  | {
      kind: 'tracker'
      tracker: string
      measure: 'bits' | 'packets' | 'flows' | 'active'
      direction?: 'in' | 'out' | 'internal' | 'transit'
    }
  | { kind: 'incident'; exporter?: string | null }
  | { kind: 'silent'; exporter?: string | null; seconds: number }
  | { kind: 'loss'; exporter?: string | null }
  | { kind: 'disk' }

export type AlertCondition =
  | { is: 'above'; value: number }
  | { is: 'below'; value: number }
  | { is: 'outside'; low: number; high: number }
  | { is: 'unusual'; sigma: number; observations: number }

export type AlertTarget = { mail: string } | { webhook: string } | { script: true }

export interface KeptAlert {
  name: string
  subject: AlertSubject
  condition?: AlertCondition
  /** For this many intervals in a row. */
  intervals?: 1 | 3 | 6 | 12
  repeat?: 'once' | 'each'
  quietMinutes?: number
  targets: AlertTarget[]
  isOn?: boolean
  author: string
}

/** The displayed state of an alert. */
export interface AlertState {
  is: 'waiting' | 'well' | 'amiss' | 'told' | 'problem'
  value: number | null
  /** unix seconds */
  at: number | null
  problem: string | null
}

/** State that must survive a restart, so that nothing is sent twice. Times are unix ms. */
export interface AlertStanding {
  /**
   * By subject (an exporter, or empty): the interval or time up to which it was reported. Of silences, losses and the
   * disk only while they last.
   */
  told: Record<string, number>
  /** Incidents already reported, newest last. */
  incidents: string[]
  /** When anything was last sent. */
  lastMs: number | null
}

/** One alert that was sent (or tested); times are unix seconds. */
export interface AlertEvent {
  at: number
  alert: string
  name: string
  isTest: boolean
  text: string
  evidence: string
  permalink: string
  from: number
  to: number
  sent: { target: string; error: string | null }[]
}
