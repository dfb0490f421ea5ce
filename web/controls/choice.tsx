/** A choice among a few words, all visible. */
export function Choice<Word extends string>(props: {
  label: string
  words: readonly Word[]
  chosen: Word
  titles?: Partial<Record<Word, string>>
  choose: (word: Word) => void
}) {
  const { label, words, chosen, titles, choose } = props
  return (
    <div class="choice" role="group" aria-label={label}>
      {words.map((word) => (
        <button
          key={word}
          type="button"
          aria-pressed={word === chosen}
          title={titles?.[word]}
          onClick={() => choose(word)}
        >
          {word}
        </button>
      ))}
    </div>
  )
}
