/** The colours that the canvas needs, which CSS cannot supply: by the system's theme, light on paper. */
import { signal } from '@preact/signals'

import type { Theme } from './colours.ts'

export interface Ink {
  panel: string
  text: string
  dim: string
  grid: string
  axis: string
  peak: string
  hatch: string
  lost: string
  level: string
  limit: string
  note: string
}

export const inks: Record<Theme, Ink> = {
  dark: {
    panel: '#151b21',
    text: '#d9e0e6',
    dim: '#93a0ab',
    grid: 'rgba(170,190,205,0.13)',
    axis: 'rgba(190,205,215,0.55)',
    peak: 'rgba(235,240,245,0.75)',
    hatch: 'rgba(170,190,205,0.30)',
    lost: '#f0b03f',
    level: '#d9e0e6',
    limit: '#ff6b55',
    note: '#e9a9d0',
  },
  light: {
    panel: '#ffffff',
    text: '#1c252c',
    dim: '#5a6872',
    grid: 'rgba(30,50,65,0.13)',
    axis: 'rgba(30,50,65,0.55)',
    peak: 'rgba(20,30,40,0.70)',
    hatch: 'rgba(60,80,95,0.28)',
    lost: '#b36b00',
    level: '#1c252c',
    limit: '#c5281c',
    note: '#a8327c',
  },
}

const darkQuery = matchMedia('(prefers-color-scheme: dark)')
const printQuery = matchMedia('print')

function current(): Theme {
  return darkQuery.matches && !printQuery.matches ? 'dark' : 'light'
}

export const theme = signal<Theme>(current())

for (const query of [darkQuery, printQuery])
  query.addEventListener('change', () => (theme.value = current()))
// A canvas redrawn after the sheet is laid out would come too late.
addEventListener('beforeprint', () => (theme.value = 'light'))
addEventListener('afterprint', () => (theme.value = current()))
