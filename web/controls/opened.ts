/** What a form changes, while others may change it too. */
import { useEffect, useRef } from 'preact/hooks'

import { RequestError } from '../client.ts'

/**
 * Changes a document as it was when its form was opened, so that what somebody else has changed
 * since is not replaced unnoticed; once the user was told of that, as it is `now`. What `change`
 * returns is the document from then on. When somebody else has changed it, `takesOver` says whether
 * the form goes on with theirs, because nothing is changed in it yet.
 */
export function useOpened<Of>(now: Of, takesOver: (opened: Of) => boolean = () => false) {
  const opened = useRef(now)
  const seen = useRef(now)
  useEffect(() => {
    if (seen.current === now || !takesOver(opened.current)) return
    seen.current = now
    opened.current = now
  })
  const isTold = useRef(false)
  return async (change: (of: Of) => Promise<Of | void>): Promise<void> => {
    if (isTold.current) opened.current = now
    isTold.current = false
    try {
      opened.current = (await change(opened.current)) ?? opened.current
      seen.current = now
    } catch (error) {
      isTold.current = error instanceof RequestError && error.isConflict
      throw error
    }
  }
}
