import { useEffect } from 'react'
import { type PlaidLinkOptions, usePlaidLink } from 'react-plaid-link'

/** Plaid Link, open as long as this is on the page. */
export function Link({ onError, ...options }: PlaidLinkOptions & { onError: () => void }) {
  const { open, ready, error } = usePlaidLink(options)
  const failed = error !== null
  useEffect(() => {
    if (ready) open()
  }, [ready, open])
  useEffect(() => {
    if (failed) onError()
  }, [failed, onError])
  return null
}
