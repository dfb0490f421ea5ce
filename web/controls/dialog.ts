/** What the dialogs with a form have in common. */
import { useEffect, useRef } from 'preact/hooks'

import { loginNeeded } from '../client.ts'
import { guardLeaving } from '../state/route.ts'

/**
 * A modal dialog with something to lose: `isChanged` says so, `question` is asked before it is
 * discarded, and `close` unmounts it.
 */
export function useDialog(props: { isChanged: boolean; question: string; close: () => void }) {
  const { isChanged, question, close } = props
  const ref = useRef<HTMLDialogElement>(null)
  const isLocked = loginNeeded.value
  // A modal dialog keeps everything else from being used, even while it is hidden: the log-in too.
  useEffect(() => {
    if (isLocked) ref.current?.close()
    else ref.current?.showModal()
  }, [isLocked])
  useEffect(
    () => (isChanged ? guardLeaving(() => confirm(question)) : undefined),
    [isChanged, question],
  )
  // A dialog whose view was left is not open when the view is shown again.
  useEffect(() => close, [])
  const shut = () => ref.current?.close()
  const leave = () => {
    if (!isChanged || confirm(question)) shut()
  }
  const attributes = {
    ref,
    // Left to the browser, Escape pressed again closes the dialog, whatever was answered before;
    // left to the page, it takes the focus away.
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      event.preventDefault()
      event.stopPropagation()
      leave()
    },
    onCancel: (event: Event) => {
      event.preventDefault()
      leave()
    },
    onClose: () => {
      if (!loginNeeded.peek()) close()
    },
  }
  return { attributes, shut, leave }
}
