'use strict'

// Functions that make request bodies. Each body is made anew from `things`, because some calls use up
// what they are about.

const WEBHOOK = 'http://127.0.0.1:9/webhook'
const USER = 'usr_9nSp2KuZ2x4JDw'
const UNKNOWN_UUID = '00000000-0000-4000-8000-000000000000'
const MINUTE = 60_000

/** The products that webhooks are about. */
const PRODUCTS = ['assets', 'auth', 'investments', 'liabilities', 'transactions']

/** The type and code of each webhook that `/sandbox/item/fire_webhook` fires. */
const FIRED_BY_CALL = [
  'ASSETS/ERROR',
  'ASSETS/PRODUCT_READY',
  'AUTH/DEFAULT_UPDATE',
  'AUTH/SMS_MICRODEPOSITS_VERIFICATION',
  'HOLDINGS/DEFAULT_UPDATE',
  'INVESTMENTS_TRANSACTIONS/DEFAULT_UPDATE',
  'ITEM/ERROR',
  'ITEM/LOGIN_REPAIRED',
  'ITEM/NEW_ACCOUNTS_AVAILABLE',
  'ITEM/PENDING_DISCONNECT',
  'ITEM/USER_ACCOUNT_REVOKED',
  'ITEM/USER_PERMISSION_REVOKED',
  'LIABILITIES/DEFAULT_UPDATE',
  'TRANSACTIONS/DEFAULT_UPDATE',
  'TRANSACTIONS/RECURRING_TRANSACTIONS_UPDATE',
  'TRANSACTIONS/SYNC_UPDATES_AVAILABLE',
]

/** Functions that make what a call can be about. `post` makes a call that succeeds. */
function thingsOf(sandbox, post) {
  const item = (settings) => sandbox.createItem(settings)
  const publicToken = async () =>
    (await post('/sandbox/public_token/create', INSTITUTION_AND_PRODUCT)).public_token
  const linkToken = async (fields) => {
    const body = { ...LINK, ...(fields ?? { products: ['transactions'] }) }
    return (await post('/link/token/create', body)).link_token
  }
  /** An Item after calls of these `paths`. */
  const itemAfter = async (paths, settings) => {
    const created = await item(settings)
    for (const path of paths) await post(path, { access_token: created.access_token })
    return created
  }
  return {
    sandbox,
    post,
    item,
    brokenItem: (settings) => itemAfter(['/sandbox/item/reset_login'], settings),
    removedItem: () => itemAfter(['/item/remove']),
    itemAfter,
    publicToken,
    linkToken,
  }
}

const INSTITUTION_AND_PRODUCT = {
  institution_id: 'ins_109508',
  initial_products: ['transactions'],
}

/** The fields of every link token. */
const LINK = {
  client_name: 'Platypus',
  country_codes: ['US'],
  language: 'en',
  user: { client_user_id: 'user-1' },
}

/** A body with the access token of an Item from `make`. */
const of = (make, fields) => async (things) => ({
  access_token: (await make(things)).access_token,
  ...fields,
})

const anItem = ({ item }) => item()
const anItemWithWebhook = ({ item }) => item({ webhook: WEBHOOK })
const aBrokenItem = ({ brokenItem }) => brokenItem()
const aBrokenItemWithWebhook = ({ brokenItem }) => brokenItem({ webhook: WEBHOOK })
const aRemovedItem = ({ removedItem }) => removedItem()
const anItemForAuth = ({ item }) => item({ products: ['auth', 'transactions'] })
const anItemOfAUser = ({ item }) => item({ user_id: USER })

/** A fixed body. */
const just = (body) => async () => body

/** Bodies with tokens of `kind` that this Sandbox does not know. */
const withBadToken = (field, kind, more) =>
  Object.fromEntries(
    [
      ['a malformed token', 'ABCDEFG1234567'],
      ['a token of another environment', `${kind}-production-${UNKNOWN_UUID}`],
      ['a token of no environment', `${kind}-moon-${UNKNOWN_UUID}`],
      ['a token of another kind', `processor-sandbox-${UNKNOWN_UUID}`],
      ['an unknown token', `${kind}-sandbox-${UNKNOWN_UUID}`],
      ['a token with characters that need escapes', `${kind}-<&>-\u2028"\\\n\u0001😀é`],
    ].map(([name, token]) => [name, just({ [field]: token, ...more })]),
  )

const ON_NO_ITEM = {
  ...withBadToken('access_token', 'access'),
  'a removed Item': of(aRemovedItem),
}

/** The ids of an Item's accounts. */
async function accountIds({ post }, { access_token }) {
  const { accounts } = await post('/accounts/get', { access_token })
  return accounts.map(({ account_id }) => account_id)
}

/** A body that selects some of an Item's accounts. */
const forAccounts = (make, choose) => async (things) => {
  const made = await make(things)
  const account_ids = choose(await accountIds(things, made))
  return { access_token: made.access_token, options: { account_ids } }
}

const WRONG_ACCOUNTS = {
  'an unknown account': of(anItemForAuth, { options: { account_ids: ['no-such-account'] } }),
  'an account of another Item': async (things) => ({
    ...(await of(anItemForAuth)(things)),
    options: { account_ids: await accountIds(things, await things.item()) },
  }),
  'account_ids that are not a list': of(anItemForAuth, { options: { account_ids: 'x' } }),
  'account_ids of numbers': of(anItemForAuth, { options: { account_ids: [7] } }),
  'options null': of(anItemForAuth, { options: null }),
}

const link = (fields) => just({ ...LINK, ...fields })
const linkOf = (make, fields) => of(make, { ...LINK, ...fields })

/** A body with a link token, after `then` has used it. */
const afterLink = (fields, then) => async (things) => {
  const created = typeof fields === 'function' ? await fields(things) : fields
  const link_token = await things.linkToken(created)
  await then(things.sandbox, link_token)
  return { link_token }
}

const complete = (sandbox, link_token) => sandbox.completeLink(link_token)
const exit = (sandbox, link_token) => sandbox.exitLink(link_token)
const nothing = async () => {}

/** A user in the panes of Link: first with a wrong password, then `then`. */
const inLink = (then) => async (sandbox, token) => {
  const ask = async (path, body) => {
    const response = await fetch(`${sandbox.url}/link/_api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return response.json()
  }
  const { visit } = await ask('open', { token })
  const act = (action) => ask('next', { visit, ...action })
  await act({ action: 'consent' })
  const institution_id = 'ins_109511'
  await act({ action: 'institution', institution_id, query: 'tartan' })
  for (const password of ['wrong', 'mfa_device']) {
    await act({ action: 'credentials', username: 'user_good', password })
  }
  await act({ action: 'device' })
  await act({ action: 'answers', answers: ['1234'] })
  await then(act)
}
const finishedInLink = inLink(async (act) => {
  await act({ action: 'accounts', accounts: [0] })
  await act({ action: 'finish' })
})
const leftInLink = inLink((act) => act({ action: 'exit' }))
const openInLink = inLink(nothing)

const anItemOfAllProducts = ({ item }) => item({ webhook: WEBHOOK, products: PRODUCTS })

const fire = (kind) => {
  const [webhook_type, webhook_code] = kind.split('/')
  return of(anItemOfAllProducts, { webhook_type, webhook_code })
}

/** The id of the key that signs a new webhook. */
async function keyOfWebhook({ sandbox, brokenItem }) {
  const { item_id } = await brokenItem({ webhook: WEBHOOK })
  const { verification } = await sandbox.nextWebhook({ item_id })
  return JSON.parse(Buffer.from(verification.split('.')[0], 'base64url')).kid
}

module.exports = {
  finishedInLink,
  leftInLink,
  openInLink,
  ON_NO_ITEM,
  WRONG_ACCOUNTS,
  INSTITUTION_AND_PRODUCT,
  LINK,
  MINUTE,
  PRODUCTS,
  FIRED_BY_CALL,
  UNKNOWN_UUID,
  USER,
  WEBHOOK,
  aBrokenItem,
  aBrokenItemWithWebhook,
  aRemovedItem,
  accountIds,
  afterLink,
  anItem,
  anItemForAuth,
  anItemOfAUser,
  anItemOfAllProducts,
  anItemWithWebhook,
  complete,
  exit,
  fire,
  forAccounts,
  just,
  keyOfWebhook,
  link,
  linkOf,
  nothing,
  of,
  thingsOf,
  withBadToken,
}
