/** The frame of every view: the navigation, and the view itself once its code is loaded. */
import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

import { loginNeeded } from './client.ts'
import { Help, pageKeys } from './controls/help.tsx'
import { Navigation } from './controls/navigation.tsx'
import { codeFailed, fetchCode } from './state/code.ts'
import { place } from './state/route.ts'
import { isAwaited } from './state/session.ts'
import { viewAt, type ViewEntry } from './views.ts'

/** Loaded views, by path. */
const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map())
const login = signal<ComponentType | null>(null)

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
  if (entry?.bare)
    return (
      <>
        <CodeFault />
        {view}
      </>
    )
  const isLocked = loginNeeded.value
  return (
    <>
      {isLocked ? <LoginGate /> : <Head />}
      <CodeFault />
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
  const view = await fetchCode(entry.load)
  if (view) loaded.value = new Map([...loaded.value, [entry.path, view]])
}

function Waiting() {
  return (
    <main id="main" aria-busy={!codeFailed.value}>
      {!codeFailed.value && <div class="progress running" />}
    </main>
  )
}

function CodeFault() {
  if (!codeFailed.value) return null
  return (
    <p class="message error" role="alert">
      <b>This part of the page could not be loaded.</b> Is Weir still running? The page is loaded
      again when it answers.
    </p>
  )
}

/** The log-in's code is fetched when needed. */
function LoginGate() {
  useEffect(() => {
    void fetchCode(async () => (await import('./access/login.tsx')).Login).then(
      (fetched) => (login.value = fetched),
    )
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
