/** A choice among some words as a select; choice.tsx has buttons instead. */
export function WordSelect<Word extends string>(props: {
  label: string
  title?: string
  words: readonly Word[]
  chosen: Word
  /** What is shown for a word; default: the word. */
  textOf?: (word: Word) => string
  disabled?: boolean
  choose: (word: Word) => void
}) {
  const { label, title, words, chosen, textOf = String, disabled = false, choose } = props
  return (
    <select
      aria-label={label}
      title={title}
      disabled={disabled}
      value={chosen}
      onChange={(event) => choose(event.currentTarget.value as Word)}
    >
      {words.map((word) => (
        <option key={word} value={word}>
          {textOf(word)}
        </option>
      ))}
    </select>
  )
}
