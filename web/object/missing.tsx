/** Why all graphs of an object are empty, and what to do: one line above them. */
import { exporterName, exporters } from '../state/collector.ts'
import { addressOf } from '../state/route.ts'
import type { NamedObject } from './address.ts'
import { exporterOf } from './heading.ts'

export function Missing({ object, explore }: { object: NamedObject; explore: string | null }) {
  // What can be said depends on who sends.
  if (exporters.value === null) return null
  return (
    <p class="message note" role="status">
      {object.kind === 'exporter' || object.kind === 'interface' ? (
        <OfExporter object={object} />
      ) : (
        <OfKey object={object} explore={explore} />
      )}
    </p>
  )
}

function OfExporter({ object }: { object: NamedObject }) {
  const exporter = exporterOf(object)
  if (!exporter)
    return (
      <>
        <b>Weir knows of no datagram from this exporter.</b> Point it at this host;{' '}
        <a href="/exporters">Exporters</a> says who sends, and who is refused.
      </>
    )
  const name = exporterName(exporter)
  const listed = <a href={addressOf('/exporters', { find: name })}>Exporters</a>
  return object.kind === 'exporter' ? (
    <>
      <b>No flows of {name} are stored in these times.</b> {listed} says what it sends, and what is
      wrong.
    </>
  ) : (
    <>
      <b>No flow of these times names this interface.</b> If it carries traffic, turn on flow export
      for it on {name}; {listed} lists the interfaces that are known.
    </>
  )
}

function OfKey({ object: { kind }, explore }: { object: NamedObject; explore: string | null }) {
  if (kind === 'all')
    return (
      <>
        <b>No flows are stored in these times.</b> <a href="/exporters">Exporters</a> says who
        sends, and what to do.
      </>
    )
  if (kind === 'tracker')
    return (
      <>
        <b>No flow of these times matches this tracker.</b> <a href="/trackers">Trackers</a> shows
        its filter, and since when it follows it.
      </>
    )
  return (
    <>
      <b>No totals of this {kind} are stored in these times.</b> They are kept for the greatest of
      every five minutes: <a href={explore ?? '/'}>Explore</a> searches the flows themselves.
    </>
  )
}
