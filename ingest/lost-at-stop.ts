/** What a stop loses while neither the archive nor the journal can be written. */

class LostAtStop extends Error {
  readonly remedy =
    'free disk space or mend the disk (df, dmesg) before the next start, which publishes what the journal holds'

  /** @param reason why the archive could not be written */
  constructor(datagrams: number, reason: string) {
    super(
      `${datagrams} datagrams are lost: neither the archive nor the journal could be written (${reason})`,
    )
    this.name = 'LostAtStop'
  }
}

/** Null if nothing is lost; `reason`: why the last publication failed, null if it did not. */
export function lostAtStop(unjournalled: number, reason: string | null): LostAtStop | null {
  return reason === null || unjournalled === 0 ? null : new LostAtStop(unjournalled, reason)
}
