/** A change made by a button: its error is shown beside the button. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

import { loginNeeded, RequestError } from '../client.ts'

interface Attempt {
  isBusy: boolean
  /** Why it was refused; empty if it was not. */
  fault: string
  /** Makes the change; true if it was made. */
  run: (change: () => Promise<void>) => Promise<boolean>
}

export function useAttempt(): Attempt {
  const isBusy = useSignal(false)
  const fault = useSignal('')
  const isLocked = loginNeeded.value
  // That the session had ended is no longer true once its user is back.
  useEffect(() => void (fault.value = ''), [isLocked])
  const run = async (change: () => Promise<void>) => {
    isBusy.value = true
    fault.value = ''
    try {
      await change()
      return true
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      fault.value = `${error.message} ${error.remedy}`
      return false
    } finally {
      isBusy.value = false
    }
  }
  return { isBusy: isBusy.value, fault: fault.value, run }
}

export function Fault({ text }: { text: string }) {
  if (text === '') return null
  return (
    <p class="message error" role="alert">
      {text}
    </p>
  )
}
