import { useCallback, useEffect, useState } from 'react'
import { addItem, createLinkToken, type Item, readItems } from './api.ts'
import { Link } from './Link.tsx'

/** An open Link. Without an `item`, the user links a new one. */
interface Session {
  token: string
  item: Item | undefined
}

export function App() {
  const [items, setItems] = useState<Item[]>()
  const [session, setSession] = useState<Session>()
  const [notice, setNotice] = useState('')

  const report = useCallback((error: Error) => setNotice(error.message), [])
  const reload = useCallback(() => readItems().then(setItems), [])
  useEffect(() => {
    reload().catch(report)
  }, [reload, report])

  async function start(item?: Item) {
    setNotice('')
    setSession({ token: await createLinkToken(item), item })
  }

  async function finish(publicToken: string | null, institution = 'Bank') {
    setSession(undefined)
    // In update mode the access token stays the same: nothing to exchange.
    if (publicToken && !session?.item) await addItem(publicToken, institution)
    await reload()
    setNotice(session?.item ? `${session.item.institution} is connected again.` : '')
  }

  function leave(message?: string | null) {
    setSession(undefined)
    const stillBroken = session?.item && `${session.item.institution} is still disconnected.`
    setNotice(message || stillBroken || 'No bank was connected.')
  }

  return (
    <main>
      <header>
        <h1>Ledger</h1>
        <button type="button" onClick={() => start().catch(report)}>
          Connect a bank
        </button>
      </header>
      <p role="status">{notice}</p>
      {items?.length === 0 && <p className="empty">Connect a bank to see your accounts.</p>}
      {items?.map((item) => (
        <Bank key={item.item_id} item={item} onRepair={() => start(item).catch(report)} />
      ))}
      {session && (
        <Link
          token={session.token}
          onSuccess={(publicToken, { institution }) => {
            finish(publicToken, institution?.name).catch(report)
          }}
          onExit={(error) => leave(error?.display_message)}
          onError={() => leave('Plaid could not be loaded.')}
        />
      )}
    </main>
  )
}

const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' })

function Bank({ item, onRepair }: { item: Item; onRepair: () => void }) {
  return (
    <section aria-label={item.institution}>
      <h2>{item.institution}</h2>
      {item.broken && (
        <div role="alert">
          <p>{item.institution} asks you to log in again. Balances may be out of date.</p>
          <button type="button" onClick={onRepair}>
            Log in again
          </button>
        </div>
      )}
      <ul>
        {item.accounts.map(({ account_id, name, mask, balance }) => (
          <li key={account_id}>
            <span>
              {name} <small>••{mask}</small>
            </span>
            <b>{balance === null ? '–' : dollars.format(balance)}</b>
          </li>
        ))}
      </ul>
    </section>
  )
}
