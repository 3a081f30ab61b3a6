// The page of a bank with OAuth, in a window of its own, and what opens it.

const HASH = '#bank='

const AGREED = 'plaid-sandbox-agreed'

/** How often to look whether the user has closed the window. */
const LOOK_MS = 250

/** The bank that this window shows, if it is such a window. */
export function bankOf(hash: string): string | null {
  return hash.startsWith(HASH) ? decodeURIComponent(hash.slice(HASH.length)) : null
}

/** Opens the window, and calls `closed` once, with whether the user has agreed. */
export function openBank(name: string, closed: (isAgreed: boolean) => void) {
  const bank = window.open(HASH + encodeURIComponent(name), '_blank', 'popup,width=480,height=640')
  const looking = setInterval(() => {
    if (!bank || bank.closed) end(false)
  }, LOOK_MS)
  addEventListener('message', onMessage)

  function onMessage({ source, data }: MessageEvent) {
    if (source === bank && data === AGREED) end(true)
  }

  function end(isAgreed: boolean) {
    clearInterval(looking)
    removeEventListener('message', onMessage)
    closed(isAgreed)
  }
}

/** A test that clicks must see its click end before the window goes. */
const CLOSE_MS = 100

const closeSoon = () => setTimeout(() => window.close(), CLOSE_MS)

export function Bank({ name }: { name: string }) {
  function agree() {
    window.opener?.postMessage(AGREED, location.origin)
    closeSoon()
  }
  return (
    <main class="screen">
      <div class="link">
        <header>
          <span class="badge">Local Sandbox</span>
        </header>
        <section>
          <fieldset>
            <h1>{name}</h1>
            {window.opener ? (
              <p>This is the bank’s own page. You share every account of the test user.</p>
            ) : (
              <p>
                This window has no connection to Link: the application’s Cross-Origin-Opener-Policy
                cuts it.
              </p>
            )}
            <div class="actions">
              <button type="button" class="primary" onClick={agree}>
                Sign in and connect
              </button>
              <button type="button" onClick={closeSoon}>
                Cancel
              </button>
            </div>
          </fieldset>
        </section>
        <footer>This is a local Plaid Sandbox, not a bank. No real bank is contacted.</footer>
      </div>
    </main>
  )
}
