/** The preset ranges, as texts of the time grammar; `from` and `to` stay relative. */

interface Preset {
  label: string
  title: string
  from: string
  to: string
}

function last(label: string, title: string, duration: string): Preset {
  return { label, title, from: `now-${duration}`, to: 'now' }
}

/** Always visible. */
export const mainPresets: readonly Preset[] = [
  last('1 h', 'the last hour', '1h'),
  last('6 h', 'the last 6 hours', '6h'),
  last('24 h', 'the last 24 hours', '24h'),
  last('7 d', 'the last 7 days', '7d'),
  last('30 d', 'the last 30 days', '30d'),
  last('1 y', 'the last year', '1y'),
]

/** In the list beside them. */
export const morePresets: readonly Preset[] = [
  last('5 min', 'the last 5 minutes', '5m'),
  last('15 min', 'the last 15 minutes', '15m'),
  last('30 min', 'the last 30 minutes', '30m'),
  last('12 h', 'the last 12 hours', '12h'),
  last('2 d', 'the last 2 days', '2d'),
  last('4 weeks', 'the last 4 weeks', '4w'),
  last('3 months', 'the last 3 months', '3M'),
  last('6 months', 'the last 6 months', '6M'),
  last('2 years', 'the last 2 years', '2y'),
  last('5 years', 'the last 5 years', '5y'),
  { label: 'today', title: 'today so far', from: 'now/d', to: 'now' },
  { label: 'yesterday', title: 'yesterday', from: 'now-1d/d', to: 'now-1d/d' },
  { label: 'this day last week', title: 'a week ago', from: 'now-7d/d', to: 'now-7d/d' },
  { label: 'this week', title: 'since Monday', from: 'now/w', to: 'now' },
  { label: 'last week', title: 'Monday to Sunday', from: 'now-1w/w', to: 'now-1w/w' },
  { label: 'this month', title: 'since the first', from: 'now/M', to: 'now' },
  { label: 'last month', title: 'the month before', from: 'now-1M/M', to: 'now-1M/M' },
  { label: 'this year', title: 'since 1 January', from: 'now/y', to: 'now' },
  { label: 'last year', title: 'the year before', from: 'now-1y/y', to: 'now-1y/y' },
]

export const presets: readonly Preset[] = [...mainPresets, ...morePresets]

/** The preset of a range, or null if there is none. */
export function presetOf(from: string, to: string): Preset | null {
  return presets.find((preset) => preset.from === from && preset.to === to) ?? null
}

/** The range of the preset with a label, or null if there is none. */
export function rangeLabelled(label: string): Pick<Preset, 'from' | 'to'> | null {
  const preset = presets.find((each) => each.label === label)
  return preset ? { from: preset.from, to: preset.to } : null
}
