/** The top of every view: the navigation, and how fresh the data is. */
import { isLoopback } from '../../flow/address.ts'
import { formatDuration } from '../../flow/units.ts'
import {
  collectorFailure,
  lateSeconds,
  newestData,
  status,
  unreadableTiers,
} from '../state/collector.ts'
import { silentSince } from '../state/silence.ts'
import { addressOf, place, shownFlows } from '../state/route.ts'
import { logOut, session } from '../state/session.ts'
import { zone } from '../state/zone.ts'
import { instantText, timeOfDay } from '../time/words.ts'
import { viewAt, views } from '../views.ts'
import { Fault, useAttempt } from './attempt.tsx'
import { helpOpen } from './help.tsx'
import { Logo } from './logo.tsx'

export function Navigation() {
  const current = viewAt(place.value.path)
  const since = status.value === null ? null : silentSince.value
  return (
    <header class="navigation">
      <a class="brand" href="/" title="Weir: the last 6 hours">
        <Logo />
        Weir
      </a>
      <nav aria-label="Views">
        {views.map((entry) =>
          entry.label === null ? null : (
            <a
              key={entry.path}
              href={hrefOf(entry.path)}
              aria-current={entry === current ? 'page' : undefined}
            >
              {entry.label}
            </a>
          ),
        )}
      </nav>
      <span class="gap" />
      <Who />
      <span role="status">{since !== null && <Silence since={since} />}</span>
      {since === null && <Freshness />}
      <button
        type="button"
        class="plain"
        aria-label="Help and keys"
        title="Help and keys (?)"
        onClick={() => (helpOpen.value = true)}
      >
        ?
      </button>
    </header>
  )
}

/** Views of the same flows: links between them keep the time and the flows shown. */
const ofTheSame = ['/', '/reports']

function hrefOf(path: string): string {
  const here = place.value.path
  if (path === here || !ofTheSame.includes(path) || !ofTheSame.includes(here)) return path
  return addressOf(path, shownFlows())
}

/** Who is logged in, or that no login is needed. */
function Who() {
  const { fault, run } = useAttempt()
  const who = session.value
  if (!who || who.role === null) return null
  if (who.open && !isLoopback(location.hostname))
    return (
      <span class="open-note" title="WEIR_AUTH=none: whoever reaches this page may do everything">
        open to all
      </span>
    )
  if (who.auth === 'none') return null
  return (
    <>
      {who.masked && (
        <span class="open-note" title="WEIR_MASK: your role sees networks instead of hosts">
          addresses masked
        </span>
      )}
      <span class="who">
        <a href="/access" title={`${who.user}: password, users and tokens`}>
          {who.user}
        </a>
        {who.auth === 'password' && (
          <button
            type="button"
            class="plain"
            title={`end the session of ${who.user}`}
            onClick={() => void run(logOut)}
          >
            log out
          </button>
        )}
        <Fault text={fault} />
      </span>
    </>
  )
}

/** A view that is not asked again says nothing by itself, and the last known age stands still. */
function Silence({ since }: { since: number }) {
  return (
    <a
      class="freshness late"
      href="/status"
      title="Weir does not answer: everything here is as of before. This page tries again by itself."
    >
      <i aria-hidden="true" />
      no answer since {timeOfDay(since, zone.value)}
    </a>
  )
}

/** The rest of Weir answers, but how old its data is cannot be read. */
function NoStatus({ since, reason }: { since: number; reason: string }) {
  return (
    <a
      class="freshness late"
      href="/status"
      title={`how fresh the data is, is not known: ${reason}`}
    >
      <i aria-hidden="true" />
      no status since {timeOfDay(since, zone.value)}
    </a>
  )
}

/** Age of the newest flows; red when nothing comes in, or when it cannot be read. */
function Freshness() {
  const answer = status.value
  const newest = newestData.value
  const unreadable = unreadableTiers.value
  const failure = collectorFailure.value
  if (!answer) return null
  if (failure) return <NoStatus since={answer.now * 1000} reason={failure.message} />
  const age = newest === null ? null : Math.max(0, answer.now - newest)
  const isLate = age === null || age > lateSeconds
  const isUnreadable = unreadable.length > 0
  const title = newest === null ? 'nothing is stored' : instantText(newest * 1000, zone.value)
  return (
    <a
      class={isLate || isUnreadable ? 'freshness late' : 'freshness'}
      href="/status"
      title={
        isUnreadable
          ? `the series (${unreadable.join(', ')}) cannot be read`
          : `newest flows: ${title}`
      }
    >
      <i aria-hidden="true" />
      {isUnreadable ? 'data unreadable' : age === null ? 'no data' : ageText(age, isLate)}
    </a>
  )
}

function ageText(age: number, isLate: boolean): string {
  return isLate ? `data ${formatDuration(age)} old` : 'data live'
}
