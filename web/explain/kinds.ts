/** How kinds of incidents are shown: each by a word, a shape and a colour, never by colour alone. */
import type { Incident } from '../../api/schema/explain.ts'

export type Kind = Incident['window']['kind']

interface KindLook {
  label: string
  about: string
  /** An SVG path in a box of 12 by 12. */
  shape: string
  /** The CSS class with its colour. */
  colour: string
}

export const kinds: Record<Kind, KindLook> = {
  congestion: {
    label: 'congestion',
    about: 'the traffic of one host, or a few, took the line, and that of the others fell',
    shape: 'M6 0.5 11.5 11H0.5Z',
    colour: 'kind-congestion',
  },
  silence: {
    label: 'silence',
    about: 'nothing passed, and the exporter was there',
    shape: 'M1 1h10v10H1Z',
    colour: 'kind-silence',
  },
  exporter: {
    label: 'exporter away',
    about: 'the exporter itself was away or cut off: what passed is not known',
    shape: 'M6 0 12 6 6 12 0 6Z',
    colour: 'kind-exporter',
  },
  surge: {
    label: 'surge',
    about: 'many times the usual connections, and the others were not cut off by them',
    shape: 'M6 0.500a5.500 5.500 0 1 0 0.010 0Z',
    colour: 'kind-surge',
  },
  none: {
    label: 'no incident',
    about: 'no incident was found',
    shape: 'M1 5h10v2H1Z',
    colour: 'kind-none',
  },
}
