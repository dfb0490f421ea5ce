/**
 * That answers are awaited: a line at once, and in words what takes long, as a line says nothing to
 * a screen reader.
 */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** Most answers come sooner, and are not announced. */
const longMs = 1000

export function Progress({ isBusy }: { isBusy: boolean }) {
  const isLong = useSignal(false)
  useEffect(() => {
    isLong.value = false
    if (!isBusy) return
    const timer = setTimeout(() => (isLong.value = true), longMs)
    return () => clearTimeout(timer)
  }, [isBusy])
  return (
    <>
      <div class={isBusy ? 'progress running' : 'progress'} />
      {isBusy && isLong.value && (
        <p class="loading" role="status">
          loading …
        </p>
      )}
    </>
  )
}
