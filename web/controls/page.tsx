/** A view other than Explore: its heading, its controls, and its content. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect } from 'preact/hooks'

import type { RequestError } from '../client.ts'
import { FaultText } from './fault-text.tsx'
import { Progress } from './progress.tsx'

export function Page(props: {
  title: string
  about?: string
  isBusy?: boolean
  error?: RequestError | null
  tools?: ComponentChildren
  children: ComponentChildren
}) {
  const { title, about = '', isBusy = false, error = null, tools, children } = props
  useLayoutEffect(() => {
    document.title = `${title} · Weir`
  }, [title])
  return (
    <main id="main" class="page" aria-busy={isBusy}>
      <Progress isBusy={isBusy} />
      <div class="page-head">
        <h1>{title}</h1>
        {about !== '' && <p class="dim">{about}</p>}
        <span class="gap" />
        {tools}
      </div>
      {error && (
        <p class="message error" role="alert">
          <FaultText error={error} />
        </p>
      )}
      {children}
    </main>
  )
}
