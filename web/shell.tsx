/** The frame of every view: the navigation, and the view itself once its code is loaded. */
import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

import { loginNeeded, retryMs } from './client.ts'
import { Help, pageKeys } from './controls/help.tsx'
import { Navigation } from './controls/navigation.tsx'
import { place } from './state/route.ts'
import { isAwaited } from './state/session.ts'
import { viewAt, type ViewEntry } from './views.ts'

/** Loaded views, by path. */
const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map())
const failed = signal(false)
const login = signal<ComponentType | null>(null)
/** A page whose files were replaced reloads itself, but not repeatedly, in ms. */
const reloadAgainMs = 30_000
const reloadedAt = 'reloaded-at'

export function Shell() {
  const entry = viewAt(place.value.path)
  useEffect(() => {
    addEventListener('keydown', pageKeys)
    return () => removeEventListener('keydown', pageKeys)
  }, [])
  useEffect(() => {
    if (entry) void loadView(entry)
  }, [entry])
  const View = entry ? loaded.value.get(entry.path) : NoView
  const view = View ? <View /> : <Waiting />
  if (entry?.bare) return view
  const isLocked = loginNeeded.value
  return (
    <>
      {isLocked ? <LoginGate /> : <Head />}
      <div class="view" hidden={isLocked}>
        {(!isLocked || isAwaited()) && view}
      </div>
      {!isLocked && <Help />}
    </>
  )
}

function Head() {
  return (
    <>
      <a class="unseen skip" href="#main">
        Skip to the content
      </a>
      <Navigation />
    </>
  )
}

async function loadView(entry: ViewEntry): Promise<void> {
  if (loaded.value.has(entry.path)) return
  try {
    const view = await entry.load()
    loaded.value = new Map([...loaded.value, [entry.path, view]])
    failed.value = false
  } catch {
    failed.value = true
    await untilServed()
    // The files of a rebuilt page have other names: only its new index has them.
    if (Date.now() - Number(sessionStorage.getItem(reloadedAt) ?? 0) > reloadAgainMs) {
      sessionStorage.setItem(reloadedAt, String(Date.now()))
      location.reload()
    }
  }
}

/** Waits until the page is served: reloading earlier, the browser would have nothing to show. */
async function untilServed(): Promise<void> {
  const isServed = () =>
    fetch('/', { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isServed())) await new Promise((resolve) => setTimeout(resolve, retryMs))
}

function Waiting() {
  return (
    <main id="main" aria-busy={!failed.value}>
      {failed.value ? (
        <p class="message error" role="alert">
          <b>This part of the page could not be loaded.</b> Is Weir still running? The page is
          loaded again when it answers.
        </p>
      ) : (
        <div class="progress running" />
      )}
    </main>
  )
}

/** The log-in's code is fetched when needed. */
function LoginGate() {
  useEffect(() => {
    void import('./access/login.tsx').then(({ Login }) => (login.value = Login))
  }, [])
  const Login = login.value
  return Login ? <Login /> : <Waiting />
}

function NoView() {
  return (
    <main id="main" aria-busy={false}>
      <h1 class="unseen">No such view</h1>
      <p class="message warning">
        There is no view at <code>{place.value.path}</code>. <a href="/">To the traffic</a>
      </p>
    </main>
  )
}
