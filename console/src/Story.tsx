// The local Sandbox, where there is one: the whole story, from an Item to its repair.

import { useState } from 'preact/hooks'
import type { Running } from './Console'
import { Step } from './Step'
import type { Item, LocalSandbox } from './sandbox'
import { Webhooks } from './Webhooks'
import type { Webhook } from './webhook'

interface Props {
  sandbox: LocalSandbox
  /** What keeps a call with this token from being sent. */
  missing(token: string): string | null
  running: Running | null
  onToken(token: string): void
  onSend(token: string): void
}

export function Story({ sandbox, missing, running, onToken, onSend }: Props) {
  const [chosenId, setChosenId] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [blocked, setBlocked] = useState<string | null>(null)
  const { standing, items } = sandbox
  const chosen = items.find(({ id }) => id === chosenId) ?? items.at(-1) ?? null
  const webhooks = sandbox.webhooks.filter(({ itemId }) => itemId === chosen?.id)
  const stage = stageOf(chosen, webhooks)
  const isThere = standing === 'there'
  const token = chosen?.token ?? null
  const isSendable = token !== null && chosen?.state !== 'removed' && missing(token) === null

  async function create() {
    const item = await sandbox.createItem()
    setProblem(item === null ? 'The Sandbox made no Item: see what its terminal says.' : null)
    if (item?.token) choose(item)
  }
  function choose({ id, token }: Item) {
    setChosenId(id)
    setBlocked(null)
    onToken(token ?? '')
  }
  async function repair(item: Item) {
    // Browsers open a tab in the click alone, and not after it.
    const tab = window.open('', '_blank')
    const page = await sandbox.updatePage(item)
    setProblem(page === null ? 'The Sandbox made no page: see what its terminal says.' : null)
    setBlocked(tab === null ? page : null)
    if (tab === null) return
    tab.opener = null
    if (page === null) tab.close()
    else tab.location.replace(page)
  }

  return (
    <section class="card sandbox" aria-labelledby="local-sandbox">
      <div class="title near">
        <h2 id="local-sandbox">Local Sandbox</h2>
        <span class={`chip ${CHIPS[standing].look}`}>{CHIPS[standing].text}</span>
      </div>
      <p>The whole story on this machine, without an account.</p>
      <ol class="guide">
        <Step
          name="Create an Item"
          says="Its token fills the form; its webhooks come back here."
          button="Create"
          isDone={stage > 0}
          isNext={stage === 0}
          isAble={isThere}
          onDo={create}
        />
        <Step
          name="Send the call"
          says="The Item’s login breaks: ITEM_LOGIN_REQUIRED."
          button={running === null ? 'Send' : 'Sending …'}
          isDone={stage > 1}
          isNext={stage === 1}
          isAble={isThere && isSendable && running === null}
          onDo={() => token !== null && onSend(token)}
        />
        <Step
          name="Repair the login"
          says="Log in again on the Sandbox’s page, in a new tab."
          button="Repair"
          isDone={stage > 2}
          isNext={stage === 2}
          isAble={isThere && stage === 2}
          onDo={() => chosen !== null && repair(chosen)}
        />
      </ol>
      <p role="status" class={`now ${standing !== 'gone' && problem === null ? '' : 'bad'}`}>
        {problem ?? sentence(standing, chosen, stage, token === null ? null : missing(token))}{' '}
        {blocked !== null && stage === 2 && (
          <a href={blocked} target="_blank" rel="noreferrer">
            The browser opened no tab: open the page here
          </a>
        )}
      </p>
      <h3 id="items">Items</h3>
      <div class="shelf">
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
  connecting: { text: 'Looking …', look: '' },
  there: { text: 'Live', look: 'good' },
  gone: { text: 'Gone', look: 'bad' },
  elsewhere: { text: 'Not here', look: '' },
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

/** How many steps are done. */
function stageOf(item: Item | null, webhooks: Webhook[]): number {
  if (item === null || item.state === 'removed') return 0
  if (item.state === 'login_required') return 2
  // What was broken once, and told of, was repaired since.
  return webhooks.some(({ code }) => code === 'ERROR') ? 3 : 1
}

/** How it stands, and what comes next. */
function sentence(
  standing: LocalSandbox['standing'],
  item: Item | null,
  stage: number,
  missing: string | null,
): string {
  if (standing === 'connecting') return 'Looking for the Sandbox …'
  if (standing === 'elsewhere') {
    return 'This gateway has none: enter the URL that npx @utdk/plaid console prints.'
  }
  if (standing === 'gone') {
    return 'The Sandbox is gone: start it again with npx @utdk/plaid console.'
  }
  if (item === null) return 'Begin with an Item.'
  if (item.state === 'removed') return 'This Item was removed: create another.'
  if (stage === 2) return 'The login is broken: repair it.'
  if (item.token === null) {
    return 'The page that made this Item is gone, and its token with it: create another.'
  }
  if (missing !== null) return missing
  return stage === 3 ? 'Repaired: the login works again.' : 'The Item is healthy: send the call.'
}
