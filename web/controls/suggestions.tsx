/** Completions of a filter, at its caret. */
import type { FilterAnswer } from '../../api/schema/filter.ts'

export function Suggestions(props: {
  list: FilterAnswer['suggestions']
  active: number
  pick: (index: number) => void
}) {
  const { list, active, pick } = props
  return (
    <ul
      class="suggestions"
      id="filter-suggestions"
      role="listbox"
      aria-label="What may follow"
      hidden={list.length === 0}
    >
      {list.map(({ text, about }, i) => (
        <li
          key={`${text} ${about}`}
          id={`filter-suggestion-${i}`}
          role="option"
          aria-selected={i === active}
          onPointerDown={(event) => {
            event.preventDefault()
            pick(i)
          }}
        >
          <code>{text}</code> <small>{about}</small>
        </li>
      ))}
    </ul>
  )
}
