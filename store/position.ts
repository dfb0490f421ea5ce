/** A position in the journal: before the record that starts there. */
export interface JournalPosition {
  segment: number
  offset: number
}
