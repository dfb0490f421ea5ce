/** The bound on all names and descriptions that options data of all exporters told. */

export class TextBudget {
  readonly #most: number
  /** Characters held. */
  used = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Takes room for so many characters more (fewer where negative); false where there is none. */
  take(characters: number): boolean {
    if (characters > 0 && this.used + characters > this.#most) return false
    this.used += characters
    return true
  }
}
