'use strict'

// Request bodies for every route of Plaid that the Sandbox serves. `full` has every field that can be
// combined. `full` and `good` must succeed, and `bad` must fail; Plaid documents no outcome for
// `either`.

const {
  ON_NO_ITEM,
  WRONG_ACCOUNTS,
  INSTITUTION_AND_PRODUCT,
  LINK,
  MINUTE,
  FIRED_BY_CALL,
  UNKNOWN_UUID,
  USER,
  WEBHOOK,
  aBrokenItem,
  aBrokenItemWithWebhook,
  aRemovedItem,
  afterLink,
  anItem,
  anItemForAuth,
  anItemOfAUser,
  anItemOfAllProducts,
  anItemWithWebhook,
  complete,
  exit,
  finishedInLink,
  leftInLink,
  openInLink,
  fire,
  forAccounts,
  just,
  keyOfWebhook,
  link,
  linkOf,
  nothing,
  of,
  withBadToken,
} = require('./bodies.js')
const DATA_CALLS = require('./data-calls.js')

const CALLS = {
  '/sandbox/item/reset_login': {
    required: ['access_token'],
    full: of(anItem),
    good: {
      'an Item with a webhook': of(anItemWithWebhook),
      'an Item of a user': of(anItemOfAUser),
      'a broken Item': of(aBrokenItem),
      'a broken Item with a webhook': of(aBrokenItemWithWebhook),
    },
    bad: ON_NO_ITEM,
  },

  '/sandbox/public_token/create': {
    required: ['institution_id', 'initial_products'],
    full: just({
      institution_id: 'ins_109511',
      initial_products: ['transactions', 'auth', 'auth'],
      options: {
        webhook: WEBHOOK,
        override_username: 'user_good',
        override_password: 'pass_good',
        transactions: { start_date: '2026-01-01', end_date: '2026-02-01', days_requested: 30 },
        statements: { start_date: '2026-01-01', end_date: '2026-02-01' },
        income_verification: {
          income_source_types: ['bank'],
          bank_income: { days_requested: 30 },
        },
      },
      user_id: USER,
    }),
    good: {
      'no options': just(INSTITUTION_AND_PRODUCT),
      'empty options': just({ ...INSTITUTION_AND_PRODUCT, options: {} }),
    },
    bad: {
      'an unknown institution': just({ ...INSTITUTION_AND_PRODUCT, institution_id: 'ins_0' }),
      'an unknown product': just({ ...INSTITUTION_AND_PRODUCT, initial_products: ['loan'] }),
      'no product': just({ ...INSTITUTION_AND_PRODUCT, initial_products: [] }),
      'products of numbers': just({ ...INSTITUTION_AND_PRODUCT, initial_products: [7] }),
      'a webhook that is not a URL': just({
        ...INSTITUTION_AND_PRODUCT,
        options: { webhook: 'x' },
      }),
      'options null': just({ ...INSTITUTION_AND_PRODUCT, options: null }),
    },
  },

  '/item/public_token/exchange': {
    required: ['public_token'],
    full: async ({ publicToken }) => ({ public_token: await publicToken() }),
    bad: {
      ...withBadToken('public_token', 'public'),
      'an expired token': async ({ sandbox, publicToken }) => {
        const public_token = await publicToken()
        await sandbox.advanceClock(31 * MINUTE)
        return { public_token }
      },
    },
    either: {
      'a token for the second time': async ({ post, publicToken }) => {
        const public_token = await publicToken()
        await post('/item/public_token/exchange', { public_token })
        return { public_token }
      },
    },
  },

  '/item/get': {
    required: ['access_token'],
    full: of(anItem),
    good: {
      'an Item with a webhook': of(anItemWithWebhook),
      'an Item with other products': of(({ item }) => item({ products: ['investments', 'auth'] })),
      'an Item of another institution': of(({ item }) => item({ institution_id: 'ins_43' })),
      'an Item of a user': of(anItemOfAUser),
      'a broken Item': of(aBrokenItem),
      'a broken Item with a webhook': of(aBrokenItemWithWebhook),
      'an Item broken twice': of(({ itemAfter }) =>
        itemAfter(['/sandbox/item/reset_login', '/sandbox/item/reset_login'], { webhook: WEBHOOK }),
      ),
      'an Item that broke by itself': of(async ({ sandbox, item }) => {
        const created = await item({ webhook: WEBHOOK })
        await sandbox.advanceClock(31 * 24 * 60 * MINUTE)
        return created
      }),
      'a repaired Item': of(async ({ sandbox, brokenItem }) => {
        const broken = await brokenItem({ webhook: WEBHOOK })
        await sandbox.repairItem(broken.item_id)
        return broken
      }),
      'an Item whose webhook was removed': of(async ({ post, brokenItem }) => {
        const broken = await brokenItem({ webhook: WEBHOOK })
        const { access_token } = broken
        await post('/item/webhook/update', { access_token, webhook: null })
        return broken
      }),
      'an Item from a public token': async ({ post, publicToken }) => {
        const public_token = await publicToken()
        const { access_token } = await post('/item/public_token/exchange', { public_token })
        return { access_token }
      },
    },
    bad: ON_NO_ITEM,
  },

  '/item/remove': {
    required: ['access_token'],
    full: of(anItem, {
      reason_code: 'FRAUD_OTHER',
      reason_note: 'as <b>told</b> & ‘seen’',
    }),
    good: {
      'no reason': of(anItem),
      'a null reason': of(anItem, { reason_code: null, reason_note: null }),
      'a broken Item': of(aBrokenItemWithWebhook),
    },
    bad: ON_NO_ITEM,
    either: {
      'an unknown reason': of(anItem, { reason_code: 'BOREDOM' }),
      'a very long reason': of(anItem, { reason_note: 'x'.repeat(513) }),
    },
  },

  '/item/webhook/update': {
    required: ['access_token'],
    full: of(anItem, { webhook: `${WEBHOOK}?a=<b>&c=d` }),
    good: {
      'an Item that had another webhook': of(anItemWithWebhook, { webhook: `${WEBHOOK}/new` }),
      'null as the webhook': of(anItemWithWebhook, { webhook: null }),
    },
    bad: {
      ...withBadToken('access_token', 'access', { webhook: WEBHOOK }),
      'a removed Item': of(aRemovedItem, { webhook: WEBHOOK }),
      'a webhook that is not a URL': of(anItem, { webhook: 'ABCDEFG1234567' }),
      'an empty webhook': of(anItem, { webhook: '' }),
      'a webhook that is a number': of(anItem, { webhook: 7 }),
    },
    either: {
      'no webhook': of(anItemWithWebhook),
      'a broken Item': of(aBrokenItemWithWebhook, { webhook: `${WEBHOOK}/new` }),
    },
  },

  '/item/access_token/invalidate': {
    required: ['access_token'],
    full: of(anItem),
    good: { 'a broken Item': of(aBrokenItem) },
    bad: {
      ...ON_NO_ITEM,
      'a token for the second time': of(({ itemAfter }) =>
        itemAfter(['/item/access_token/invalidate']),
      ),
    },
  },

  '/accounts/get': {
    required: ['access_token'],
    full: forAccounts(anItem, (ids) => ids.slice(0, 2)),
    good: {
      'all accounts': of(anItem),
      'empty options': of(anItem, { options: {} }),
      'all accounts by id': forAccounts(anItem, (ids) => ids.toReversed()),
      'an Item of another institution': of(({ item }) => item({ institution_id: 'ins_43' })),
    },
    bad: { ...ON_NO_ITEM, ...WRONG_ACCOUNTS, 'a broken Item': of(aBrokenItem) },
    either: { 'no account': of(anItem, { options: { account_ids: [] } }) },
  },

  '/auth/get': {
    required: ['access_token'],
    full: forAccounts(anItemForAuth, (ids) => ids.slice(0, 2)),
    good: {
      'all accounts': of(anItemForAuth),
      'empty options': of(anItemForAuth, { options: {} }),
    },
    bad: { ...ON_NO_ITEM, ...WRONG_ACCOUNTS, 'a broken Item': of(aBrokenItem) },
    either: {
      'an Item without the product': of(anItem),
      'no account': of(anItemForAuth, { options: { account_ids: [] } }),
      'accounts that have no numbers': forAccounts(anItemForAuth, (ids) => ids.slice(-1)),
      'an Item of another institution': of(({ item }) =>
        item({ institution_id: 'ins_43', products: ['auth'] }),
      ),
    },
  },

  '/link/token/create': {
    required: ['client_name', 'country_codes', 'language'],
    open: ['account_filters', 'hosted_link'],
    full: just({
      ...LINK,
      user: {
        client_user_id: 'user-1',
        email_address: 'user@example.com',
        phone_number: '+14155550123',
      },
      products: ['transactions'],
      optional_products: ['identity'],
      webhook: WEBHOOK,
      redirect_uri: 'https://example.com/oauth',
      link_customization_name: 'default',
      account_filters: { depository: { account_subtypes: ['checking'] } },
      hosted_link: {
        completion_redirect_uri: 'https://example.com/done',
        url_lifetime_seconds: 900,
        is_mobile_app: false,
      },
      transactions: { days_requested: 30 },
    }),
    good: {
      products: link({ products: ['auth', 'transactions'] }),
      'Hosted Link': link({ products: ['auth'], hosted_link: {} }),
      'update mode': linkOf(anItem),
      'update mode of a broken Item': linkOf(aBrokenItemWithWebhook, { webhook: WEBHOOK }),
      'update mode by Hosted Link': linkOf(aBrokenItem, { hosted_link: {} }),
    },
    bad: {
      ...withBadToken('access_token', 'access', LINK),
      'update mode of a removed Item': linkOf(aRemovedItem),
      'a user that has no id': link({ products: ['auth'], user: {} }),
      'a user that is a string': link({ products: ['auth'], user: 'user-1' }),
      'an unknown product': link({ products: ['loan'] }),
      'products that are not a list': link({ products: 'auth' }),
      'a webhook that is not a URL': link({ products: ['auth'], webhook: 'x' }),
      'a country code that is a number': link({ products: ['auth'], country_codes: [7] }),
    },
    either: {
      'neither products nor a token': just(LINK),
      'products and a token': linkOf(anItem, { products: ['auth'] }),
      'an unknown country': link({ products: ['auth'], country_codes: ['XX'] }),
      'no country': link({ products: ['auth'], country_codes: [] }),
      'an unknown language': link({ products: ['auth'], language: 'xx' }),
      'a name that is too long': link({ products: ['auth'], client_name: 'x'.repeat(31) }),
      'a user_id of Plaid': link({ products: ['auth'], user_id: USER, user: undefined }),
    },
  },

  '/link/token/get': {
    required: ['link_token'],
    full: afterLink({ products: ['auth'], hosted_link: {} }, complete),
    good: {
      'a new token': afterLink({ products: ['auth'] }, nothing),
      'a token with settings': afterLink(
        {
          products: ['auth', 'transactions'],
          webhook: WEBHOOK,
          redirect_uri: 'https://example.com/oauth',
          account_filters: { depository: { account_subtypes: ['checking'] } },
          country_codes: ['US', 'CA'],
        },
        nothing,
      ),
      'a completed session': afterLink({ products: ['auth'] }, complete),
      'a session that the user left': afterLink({ products: ['auth'] }, exit),
      'a session that the user left, then completed': afterLink(
        { products: ['auth'] },
        async (sandbox, link_token) => {
          await exit(sandbox, link_token)
          await complete(sandbox, link_token)
        },
      ),
      'a session in Link': afterLink({ products: ['auth'] }, openInLink),
      'a session in Link, finished': afterLink({ products: ['auth'] }, finishedInLink),
      'a session in Link, left after an error': afterLink({ products: ['auth'] }, leftInLink),
      'update mode': afterLink(of(aBrokenItem), nothing),
      'update mode, completed': afterLink(of(aBrokenItemWithWebhook), complete),
      'update mode, left': afterLink(of(aBrokenItem), exit),
      'update mode by Hosted Link, completed': afterLink(
        of(aBrokenItem, { hosted_link: {} }),
        complete,
      ),
    },
    bad: withBadToken('link_token', 'link'),
    either: {
      'an expired token': afterLink({ products: ['auth'] }, (sandbox) =>
        sandbox.advanceClock(5 * 60 * MINUTE),
      ),
    },
  },

  '/sandbox/item/fire_webhook': {
    required: ['access_token', 'webhook_code'],
    full: fire('ITEM/LOGIN_REPAIRED'),
    good: {
      ...Object.fromEntries(FIRED_BY_CALL.map((kind) => [kind, fire(kind)])),
      'no type': of(anItemOfAllProducts, { webhook_code: 'PENDING_DISCONNECT' }),
    },
    bad: {
      'a broken Item': of(aBrokenItemWithWebhook, { webhook_code: 'LOGIN_REPAIRED' }),
      ...withBadToken('access_token', 'access', { webhook_code: 'LOGIN_REPAIRED' }),
      'a removed Item': of(aRemovedItem, { webhook_code: 'LOGIN_REPAIRED' }),
      'an Item without a webhook': of(anItem, { webhook_code: 'LOGIN_REPAIRED' }),
      'an Item without the product': of(anItemWithWebhook, { webhook_code: 'PRODUCT_READY' }),
      'an unknown code': of(anItemWithWebhook, { webhook_code: 'NO_SUCH_CODE' }),
      'an unknown type': of(anItemWithWebhook, {
        webhook_code: 'DEFAULT_UPDATE',
        webhook_type: 'NO_SUCH_TYPE',
      }),
    },
    either: {
      'a code of another type': fire('TRANSACTIONS/ERROR'),
      'a code without a documented webhook': fire('ITEM/AUTHORIZATION_GRANTED'),
    },
  },

  '/webhook_verification_key/get': {
    required: ['key_id'],
    full: async (things) => ({ key_id: await keyOfWebhook(things) }),
    good: {
      'a key that was replaced': async (things) => {
        const key_id = await keyOfWebhook(things)
        await things.sandbox.rotateWebhookKey()
        return { key_id }
      },
      'a key that replaced another': async ({ sandbox }) => ({
        key_id: await sandbox.rotateWebhookKey(),
      }),
    },
    bad: {
      'an unknown key': just({ key_id: UNKNOWN_UUID }),
      'a malformed key id': just({ key_id: '<key>' }),
    },
  },

  '/sandbox/user/reset_login': {
    required: [],
    full: async (things) => ({
      user_id: USER,
      item_ids: [(await anItemOfAUser(things)).item_id],
    }),
    good: {
      'all Items of a user': async (things) => {
        await things.item({ user_id: USER, webhook: WEBHOOK })
        await anItemOfAUser(things)
        return { user_id: USER }
      },
      'item_ids null': async (things) => {
        await anItemOfAUser(things)
        return { user_id: USER, item_ids: null }
      },
      'no item_ids': async (things) => {
        await anItemOfAUser(things)
        return { user_id: USER, item_ids: [] }
      },
    },
    bad: {
      'a user that is a number': just({ user_id: 7 }),
      'item_ids that are not a list': just({ user_id: USER, item_ids: 'x' }),
      'item_ids of numbers': just({ user_id: USER, item_ids: [7] }),
    },
    either: {
      'no user': just({}),
      'an unknown user': just({ user_id: 'usr_unknown' }),
      'a user’s token': just({ user_token: `user-sandbox-${UNKNOWN_UUID}` }),
      'an Item of no user': async ({ item }) => ({
        user_id: USER,
        item_ids: [(await item()).item_id],
      }),
      'an unknown Item': just({ user_id: USER, item_ids: ['no-such-item'] }),
    },
  },
}

module.exports = { CALLS: { ...CALLS, ...DATA_CALLS } }
