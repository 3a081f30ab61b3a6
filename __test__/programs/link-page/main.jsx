// Link by react-plaid-link. `app` and `calls` are for the tests.

import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { usePlaidLink } from 'react-plaid-link'

const { app, calls } = Object.assign(globalThis, { app: {}, calls: [] })
const record =
  (name) =>
  (...values) =>
    calls.push([name, ...values])
const callbacks = {
  onSuccess: record('onSuccess'),
  onExit: record('onExit'),
  onEvent: record('onEvent'),
}

function App() {
  const [token, setToken] = useState(new URLSearchParams(location.search).get('token'))
  const [isShown, show] = useState(true)
  Object.assign(app, { setToken, show })
  return isShown && <Link token={token} />
}

function Link({ token }) {
  const { open, ready, error } = usePlaidLink({ token, ...callbacks })
  if (error) return <p>Link could not be loaded.</p>
  return (
    <button type="button" disabled={!ready} onClick={() => open()}>
      Open Link
    </button>
  )
}

createRoot(document.querySelector('#root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
