/** The limit on all names and descriptions in options data of all exporters. */

export class TextBudget {
  readonly #most: number
  /** Characters in use. */
  used = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Reserves space for this many characters (negative: releases it); false if there is none. */
  take(characters: number): boolean {
    if (characters > 0 && this.used + characters > this.#most) return false
    this.used += characters
    return true
  }
}
