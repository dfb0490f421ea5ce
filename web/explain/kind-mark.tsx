/** The mark of a kind of incident: its shape in its colour. */
import { kinds, type Kind } from './kinds.ts'

export function KindMark({ kind }: { kind: Kind }) {
  const { shape, colour } = kinds[kind]
  return (
    <svg
      class={`kind-mark ${colour}`}
      viewBox="0 0 12 12"
      width="12"
      height="12"
      aria-hidden="true"
    >
      <path d={shape} />
    </svg>
  )
}
