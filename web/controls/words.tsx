/** The words of a key: each can be taken away, another added. */

/** Words by which a top list can be made. */
const topWords = [
  'src', 'dst', 'host', 'pair', 'srcport', 'dstport', 'anyport', 'port', 'protocol', 'direction',
  'in', 'out', 'interface', 'exporter', 'srcas', 'dstas', 'as', 'tos', 'flags', 'nexthop', 'vlan',
  'application', 'prefix', 'srcprefix', 'dstprefix',
] // prettier-ignore

export function Words({ by, change }: { by: string; change: (by: string) => void }) {
  const chosen = by.split(',')
  const show = (list: readonly string[]) => change(list.join(','))
  return (
    <div class="words" role="group" aria-label="By">
      by
      {chosen.map((word) => (
        <button
          key={word}
          type="button"
          title={`without ${word}`}
          disabled={chosen.length === 1}
          onClick={() => show(chosen.filter((other) => other !== word))}
        >
          {word} {chosen.length > 1 ? '×' : ''}
        </button>
      ))}
      <select
        aria-label="Add a word"
        value=""
        onChange={(event) => show([...chosen, event.currentTarget.value])}
      >
        <option value="">+</option>
        {topWords
          .filter((word) => !chosen.includes(word))
          .map((word) => (
            <option key={word} value={word}>
              {word}
            </option>
          ))}
      </select>
    </div>
  )
}
