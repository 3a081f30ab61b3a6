// The local Sandbox, in three steps: create an Item, reset its login, repair it.

import { useEffect, useState } from 'preact/hooks'
import type { Outcome, Running } from './call'
import { IS_SANDBOX } from './home'
import { ItemList } from './ItemList'
import { DEFAULTS, NewItemForm } from './NewItemForm'
import { Step } from './Step'
import type { LocalSandbox } from './sandbox'
import type { Item, Webhook } from './snapshot'
import { Webhooks } from './Webhooks'

interface Props {
  sandbox: LocalSandbox
  selected: Item | null
  onSelect(item: Item): void
  /** Why a call with this token cannot be sent yet. */
  blockerOf(token: string): string | null
  running: Running | null
  /** The latest call's. */
  outcome: Outcome | null
  /** The form's access token. */
  token: string
  onToken(token: string): void
  onSend(token: string): void
}

export function SandboxPanel(props: Props) {
  const { sandbox, selected, blockerOf, running, outcome, onToken } = props
  const [newItem, setNewItem] = useState(DEFAULTS)
  const [problem, setProblem] = useState<string | null>(null)
  const [unopened, setUnopened] = useState<string | null>(null)
  const { state, items } = sandbox
  const webhooks = sandbox.webhooks.filter(({ itemId }) => itemId === selected?.id)
  const stage = stageOf(selected, webhooks)
  const isLive = state === 'live'
  const token = selected?.token ?? null
  const blocker = token === null ? null : blockerOf(token)
  const isSendable = selected !== null && selected.state !== 'removed' && blocker === null
  const isShown = outcome !== null && outcome.itemId === selected?.id && running === null
  const failure = isShown && outcome.kind !== 'done' ? outcome : null

  // After a reload the form is empty, and this tab's tokens are known.
  useEffect(() => {
    if (isLive && token !== null && props.token === '') onToken(token)
  }, [isLive, token])

  async function create() {
    const created = await sandbox.createItem(newItem)
    setProblem('problem' in created ? `No Item was created. ${created.problem}` : null)
    if ('value' in created) select(created.value)
  }
  function select(item: Item) {
    props.onSelect(item)
    setUnopened(null)
    onToken(item.token ?? '')
  }
  /** Sends the call, or breaks an Item whose token only the backend has. */
  async function reset() {
    if (token !== null) return props.onSend(token)
    const broken = await sandbox.controls?.post(`items/${selected?.id}/break`)
    setProblem(broken && 'problem' in broken ? broken.problem : null)
  }
  async function repair(item: Item) {
    // Browsers allow a new tab only during the click.
    const tab = window.open('', '_blank')
    const page = (await sandbox.controls?.createUpdatePage(item)) ?? { problem: '' }
    const url = 'value' in page ? page.value : null
    setProblem('problem' in page ? `The login was not repaired. ${page.problem}` : null)
    setUnopened(tab === null ? url : null)
    if (tab === null) return
    tab.opener = null
    if (url === null) tab.close()
    else tab.location.replace(url)
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
          onClick={reset}
        />
        <Step
          name="Repair the login"
          description="Log in again in a new tab, on the Sandbox’s Link page."
          button="Repair"
          isDone={stage > 2}
          isNext={stage === 2}
          isEnabled={isLive && stage === 2}
          onClick={() => selected !== null && repair(selected)}
        />
      </ol>
      <p role="status" class={`now ${state === 'stopped' || problem || failure ? 'bad' : ''}`}>
        {`${problem ?? (failure ? failed(failure) : statusOf(state, selected, stage, blocker))} `}
        {isShown && <a href="#output">Show the output</a>}
        {unopened !== null && stage === 2 && (
          <a href={unopened} target="_blank" rel="noreferrer">
            Your browser blocked the new tab. Open the page here.
          </a>
        )}
      </p>
      <NewItemForm item={newItem} onInput={setNewItem} />
      <h3 id="items">Items</h3>
      <ItemList items={items.toReversed()} selected={selected} onSelect={select} />
      <Webhooks controls={sandbox.controls} webhooks={webhooks} />
    </section>
  )
}

const CHIPS = {
  connecting: { text: 'Connecting…', look: '' },
  live: { text: 'Live', look: 'good' },
  stopped: { text: 'Stopped', look: 'bad' },
  unavailable: { text: 'Not available', look: '' },
}

/** The number of steps done. */
function stageOf(item: Item | null, webhooks: Webhook[]): number {
  if (item === null || item.state === 'removed') return 0
  if (item.state === 'login_required') return 2
  // A healthy Item that sent ERROR was repaired since.
  return webhooks.some(({ code }) => code === 'ERROR') ? 3 : 1
}

function failed({ code, meaning }: Outcome): string {
  return `${code}: ${meaning.summary}`
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
    return `The Sandbox stopped. Start it again with npx @utdk/plaid ${IS_SANDBOX ? 'sandbox' : 'console'}.`
  }
  if (item === null) return 'Create an Item to start.'
  if (item.state === 'removed') return 'This Item was removed. Create another.'
  if (stage === 2) return 'Login broken. Repair it next.'
  if (item.token === null && stage === 1) {
    return 'Created by your backend or another tab. Reset its login next.'
  }
  if (blocker !== null) return blocker
  return stage === 3
    ? 'Repaired. The login works again.'
    : 'The Item is healthy. Reset its login next.'
}
