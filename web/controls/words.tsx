/** The words of a key: each can be removed, and others added. */

/** Words for a top list. */
const topWords = [
  'src', 'dst', 'host', 'pair', 'srcport', 'dstport', 'anyport', 'port', 'protocol', 'direction',
  'in', 'out', 'interface', 'exporter', 'srcas', 'dstas', 'as', 'tos', 'flags', 'nexthop', 'vlan',
  'application', 'prefix', 'srcprefix', 'dstprefix',
] // prettier-ignore

const interfaceWords = ['in', 'out', 'interface']

/**
 * An ifIndex is unique only per exporter: without the exporter, equal ones of several would be
 * added up.
 */
export function withExporter(words: readonly string[]): readonly string[] {
  const isNeeded = words.some((word) => interfaceWords.includes(word))
  return isNeeded && !words.includes('exporter') ? ['exporter', ...words] : words
}

export function Words({ by, change }: { by: string; change: (by: string) => void }) {
  const chosen = by.split(',')
  const show = (list: readonly string[]) => change(withExporter(list).join(','))
  const without = (word: string) => chosen.filter((other) => other !== word)
  const isKept = (word: string) => chosen.length === 1 || withExporter(without(word)).includes(word)
  return (
    <div class="words" role="group" aria-label="By">
      by
      {chosen.map((word) => (
        <button
          key={word}
          type="button"
          title={isKept(word) ? undefined : `without ${word}`}
          disabled={isKept(word)}
          onClick={() => show(without(word))}
        >
          {word} {isKept(word) ? '' : '×'}
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
