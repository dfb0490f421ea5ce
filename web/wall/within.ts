/** Time-of-day ranges, for dimming a wall. */

/** Whether a minute of the day is in a range such as 22:00-06:30, which may pass midnight. */
export function isWithin(
  range: string,
  { hour, minute }: { hour: number; minute: number },
): boolean {
  const match = /^(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?$/.exec(range)
  if (!match) return false
  const [from, to] = [at(match[1], match[2]), at(match[3], match[4])]
  const now = hour * 60 + minute
  return from <= to ? now >= from && now < to : now >= from || now < to
}

function at(hour = '0', minute = '0'): number {
  return Number(hour) * 60 + Number(minute)
}
