// The local Sandbox, in three steps: create an Item, reset its login, repair it.

import { useState } from 'preact/hooks'
import type { Running } from './call'
import { Step } from './Step'
import type { Item, LocalSandbox } from './sandbox'
import { Webhooks } from './Webhooks'
import type { Webhook } from './webhook'

interface Props {
  sandbox: LocalSandbox
  /** Why a call with this token cannot be sent yet. */
  blocker(token: string): string | null
  running: Running | null
  onToken(token: string): void
  onSend(token: string): void
}

export function SandboxPanel({ sandbox, blocker, running, onToken, onSend }: Props) {
  const [chosenId, setChosenId] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [unopened, setUnopened] = useState<string | null>(null)
  const { state, items } = sandbox
  const chosen = items.find(({ id }) => id === chosenId) ?? items.at(-1) ?? null
  const webhooks = sandbox.webhooks.filter(({ itemId }) => itemId === chosen?.id)
  const stage = stageOf(chosen, webhooks)
  const isLive = state === 'live'
  const token = chosen?.token ?? null
  const isSendable = token !== null && chosen?.state !== 'removed' && blocker(token) === null

  async function create() {
    const item = await sandbox.createItem()
    setProblem(item === null ? 'The Sandbox created no Item. See its log in the terminal.' : null)
    if (item?.token) choose(item)
  }
  function choose({ id, token }: Item) {
    setChosenId(id)
    setUnopened(null)
    onToken(token ?? '')
  }
  async function repair(item: Item) {
    // Browsers allow a new tab only during the click.
    const tab = window.open('', '_blank')
    const page = await sandbox.createUpdatePage(item)
    setProblem(page === null ? 'The Sandbox created no page. See its log in the terminal.' : null)
    setUnopened(tab === null ? page : null)
    if (tab === null) return
    tab.opener = null
    if (page === null) tab.close()
    else tab.location.replace(page)
  }

  return (
    <section class="card sandbox" aria-labelledby="local-sandbox">
      <div class="title near">
        <h2 id="local-sandbox">Local Sandbox</h2>
        <span class={`chip ${CHIPS[state].look}`}>{CHIPS[state].text}</span>
      </div>
      <p>Try the full flow locally. No Plaid account needed.</p>
      <ol class="guide">
        <Step
          name="Create an Item"
          description="Fills in the token below and shows its webhooks here."
          button="Create"
          isDone={stage > 0}
          isNext={stage === 0}
          isEnabled={isLive}
          onClick={create}
        />
        <Step
          name="Reset its login"
          description="Puts the Item into ITEM_LOGIN_REQUIRED."
          button={running === null ? 'Reset login' : 'Sending…'}
          isDone={stage > 1}
          isNext={stage === 1}
          isEnabled={isLive && isSendable && running === null}
          onClick={() => token !== null && onSend(token)}
        />
        <Step
          name="Repair the login"
          description="Log in again in a new tab, on the Sandbox’s Link page."
          button="Repair"
          isDone={stage > 2}
          isNext={stage === 2}
          isEnabled={isLive && stage === 2}
          onClick={() => chosen !== null && repair(chosen)}
        />
      </ol>
      <p role="status" class={`now ${state !== 'stopped' && problem === null ? '' : 'bad'}`}>
        {problem ?? statusOf(state, chosen, stage, token === null ? null : blocker(token))}{' '}
        {unopened !== null && stage === 2 && (
          <a href={unopened} target="_blank" rel="noreferrer">
            Your browser blocked the new tab. Open the page here.
          </a>
        )}
      </p>
      <h3 id="items">Items</h3>
      <div class="list-box">
        {items.length === 0 && <p>None yet.</p>}
        <ul class="items history" aria-labelledby="items">
          {items.toReversed().map((item) => (
            <li key={item.id}>
              <button type="button" aria-current={item === chosen} onClick={() => choose(item)}>
                <code>{item.id}</code>
                <State item={item} />
              </button>
            </li>
          ))}
        </ul>
      </div>
      <Webhooks webhooks={webhooks} />
    </section>
  )
}

const CHIPS = {
  connecting: { text: 'Connecting…', look: '' },
  live: { text: 'Live', look: 'good' },
  stopped: { text: 'Stopped', look: 'bad' },
  unavailable: { text: 'Not available', look: '' },
}

function State({ item: { state } }: { item: Item }) {
  switch (state) {
    case 'healthy':
      return <span class="chip good">Healthy</span>
    case 'login_required':
      return <span class="chip bad">ITEM_LOGIN_REQUIRED</span>
    default:
      return <span class="chip">Removed</span>
  }
}

/** The number of steps done. */
function stageOf(item: Item | null, webhooks: Webhook[]): number {
  if (item === null || item.state === 'removed') return 0
  if (item.state === 'login_required') return 2
  // A healthy Item that sent ERROR was repaired since.
  return webhooks.some(({ code }) => code === 'ERROR') ? 3 : 1
}

/** The panel's state, and the next step. */
function statusOf(
  state: LocalSandbox['state'],
  item: Item | null,
  stage: number,
  blocker: string | null,
): string {
  if (state === 'connecting') return 'Connecting to the Sandbox…'
  if (state === 'unavailable') {
    return 'This gateway has no local Sandbox. Enter the URL that npx @utdk/plaid console prints.'
  }
  if (state === 'stopped') {
    return 'The Sandbox stopped. Start it again with npx @utdk/plaid console.'
  }
  if (item === null) return 'Create an Item to start.'
  if (item.state === 'removed') return 'This Item was removed. Create another.'
  if (stage === 2) return 'Login broken. Repair it next.'
  if (item.token === null) {
    return 'This page does not have the Item’s token. Create another Item to send a call.'
  }
  if (blocker !== null) return blocker
  return stage === 3
    ? 'Repaired. The login works again.'
    : 'The Item is healthy. Reset its login next.'
}
