'use strict'

// Request bodies for the routes of data: transactions, investments, institutions and the like. See
// calls.js.

const {
  ON_NO_ITEM,
  UNKNOWN_UUID,
  WEBHOOK,
  WRONG_ACCOUNTS,
  aBrokenItem,
  accountIds,
  anItem,
  forAccounts,
  just,
  of,
  withBadToken,
} = require('./bodies.js')

const DAY = 24 * 60 * 60_000
const day = (days) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10)

const ALL_DAYS = { start_date: '2016-01-01', end_date: day(1) }
const US = { country_codes: ['US'] }

const aCanadianItem = ({ item }) => item({ institution_id: 'ins_43' })
const anItemOf =
  (...products) =>
  ({ item }) =>
    item({ products })

/** A body with the first account of an Item that `matches`. */
const forAccount =
  (fields, make = anItem, matches = () => true) =>
  async (things) => {
    const { access_token } = await make(things)
    const { accounts } = await things.post('/accounts/get', { access_token })
    return { access_token, account_id: accounts.find(matches).account_id, ...fields }
  }

/** A call about one Item that takes nothing else, or only `fields`. */
const onItem = (fields) => ({
  required: ['access_token'],
  full: of(anItem, fields),
  good: {
    'an Item without the product': of(anItemOf('auth'), fields),
    'an Item of another institution': of(aCanadianItem, fields),
  },
  bad: { ...ON_NO_ITEM, 'a broken Item': of(aBrokenItem, fields) },
})

/** A call that takes `options.account_ids`. */
const onAccounts = (choose = (ids) => ids.slice(0, 2)) => ({
  required: ['access_token'],
  full: forAccounts(anItem, choose),
  good: {
    'all accounts': of(anItem),
    'empty options': of(anItem, { options: {} }),
    'all accounts by id': forAccounts(anItem, (ids) => ids.toReversed()),
    'an Item of another institution': of(aCanadianItem),
    'an Item without the product': of(anItemOf('auth')),
  },
  bad: { ...ON_NO_ITEM, ...WRONG_ACCOUNTS, 'a broken Item': of(aBrokenItem) },
  either: { 'no account': of(anItem, { options: { account_ids: [] } }) },
})

/** A call for the rows of some days. */
const onDays = () => {
  const { full, good, bad, either } = onAccounts()
  const withDays =
    (make, fields = ALL_DAYS) =>
    async (things) => ({ ...(await make(things)), ...fields })
  const all = (bodies) =>
    Object.fromEntries(Object.entries(bodies).map(([name, make]) => [name, withDays(make)]))
  const paged = (options) => of(anItem, { ...ALL_DAYS, options })
  return {
    required: ['access_token', 'start_date', 'end_date'],
    full: withDays(async (things) => {
      const body = await full(things)
      return { ...body, options: { ...body.options, count: 2, offset: 1 } }
    }),
    good: {
      ...all(good),
      'an offset beyond the end': paged({ offset: 100_000 }),
      'the largest page': paged({ count: 500 }),
      'days in the future': of(anItem, { start_date: day(10), end_date: day(20) }),
    },
    bad: {
      ...all(bad),
      ...Object.fromEntries(
        [0, 501, -1, 1.5, '2', 1e300].map((count) => [`a count of ${count}`, paged({ count })]),
      ),
      'an offset below zero': paged({ offset: -1 }),
      'a day that does not exist': of(anItem, { ...ALL_DAYS, start_date: '2026-02-30' }),
      'a time for a day': of(anItem, { ...ALL_DAYS, end_date: '2026-02-01T00:00:00Z' }),
    },
    either: {
      ...all(either),
      'days in reverse': of(anItem, { start_date: day(0), end_date: day(-90) }),
    },
  }
}

/** A body for `/transactions/sync` with the cursor of a call with `fields`. */
const fromCursor =
  (fields, then = {}, change = (cursor) => cursor) =>
  async (things) => {
    const { access_token } = await things.item()
    const { next_cursor } = await things.post('/transactions/sync', { access_token, ...fields })
    return { access_token, cursor: change(next_cursor), ...then }
  }

const CREATED = {
  amount: 12.34,
  date_posted: day(-1),
  date_transacted: day(-2),
  description: 'as <b>seen</b> & ‘read’',
}

/** A body with an Item whose transactions change. */
const ofDynamic = (fields) => async (things) => {
  const { public_token } = await things.post('/sandbox/public_token/create', {
    institution_id: 'ins_109508',
    initial_products: ['transactions'],
    options: { override_username: 'user_transactions_dynamic', override_password: 'any' },
  })
  const { access_token } = await things.post('/item/public_token/exchange', { public_token })
  return { access_token, ...fields }
}

const report = async ({ post, item }, settings) => {
  const { access_token } = await item({ products: ['assets', 'transactions'], ...settings })
  return { access_token, ...(await post('/asset_report/create', reportOn(access_token))) }
}
const reportOn = (access_token) => ({ access_tokens: [access_token], days_requested: 60 })
const ofReport =
  (fields, then = async () => {}) =>
  async (things) => {
    const { access_token, asset_report_token } = await report(things)
    await then(things, access_token)
    return { asset_report_token, ...fields }
  }
const newReport = (fields) => async (things) => ({
  ...reportOn((await things.item()).access_token),
  ...fields,
})

const institutions = (fields) => just({ ...US, count: 3, offset: 1, ...fields })
const METADATA = {
  include_optional_metadata: true,
  include_auth_metadata: true,
  include_payment_initiation_metadata: true,
}
const WRONG_COUNTRIES = {
  'no country': [],
  'a country for the list': 'US',
  'countries of numbers': [7],
}
const wrongCountries = (body) =>
  Object.fromEntries(
    Object.entries(WRONG_COUNTRIES).map(([name, country_codes]) => [
      name,
      just({ ...body, country_codes }),
    ]),
  )

const isDepository = ({ type }) => type === 'depository'
const SIGNAL = { client_transaction_id: 'txn-1', amount: 3.53 }
const signal = (fields, make) => forAccount({ ...SIGNAL, ...fields }, make, isDepository)
const wrongAccount = (fields) => ({
  'an unknown account': of(anItem, { account_id: 'a'.repeat(37), ...fields }),
  'a malformed account': of(anItem, { account_id: 'ABCDEFG1234567', ...fields }),
  'an account of another Item': async (things) => ({
    access_token: (await things.item()).access_token,
    account_id: (await accountIds(things, await things.item()))[0],
    ...fields,
  }),
})
const onAccount = (fields, more = {}) => ({
  required: ['access_token', 'account_id', ...Object.keys(fields)],
  full: forAccount(fields),
  good: more.good,
  bad: {
    ...withBadToken('access_token', 'access', { account_id: 'a'.repeat(37), ...fields }),
    ...wrongAccount(fields),
    ...more.bad,
  },
})

const STATEMENT_DAYS = { start_date: '2026-01-15', end_date: '2026-04-15' }
const statements =
  (days, make = async () => {}) =>
  async (things) => {
    const { public_token } = await things.post('/sandbox/public_token/create', {
      institution_id: 'ins_109508',
      initial_products: ['statements'],
      options: { statements: days },
    })
    const { access_token } = await things.post('/item/public_token/exchange', { public_token })
    await make(things, access_token)
    return { access_token }
  }

const breaks = ({ post }, access_token) => post('/sandbox/item/reset_login', { access_token })

module.exports = {
  '/transactions/sync': {
    required: ['access_token'],
    full: fromCursor(
      { count: 10 },
      {
        count: 2,
        options: {
          include_original_description: true,
          include_personal_finance_category: true,
          days_requested: 90,
        },
      },
    ),
    good: {
      everything: of(anItem, { count: 500 }),
      'an empty cursor': of(anItem, { cursor: '' }),
      'the cursor now': of(anItem, { cursor: 'now' }),
      'a cursor at the end': fromCursor({ count: 500 }),
      'one account': async (things) => {
        const item = await things.item()
        const [account_id] = await accountIds(things, item)
        return { access_token: item.access_token, options: { account_id } }
      },
      'an Item without the product': of(anItemOf('auth'), { options: { days_requested: 7 } }),
      'a repaired Item': async (things) => {
        const { access_token, item_id } = await things.item()
        const { next_cursor } = await things.post('/transactions/sync', { access_token, count: 1 })
        await breaks(things, access_token)
        await things.sandbox.repairItem(item_id)
        return { access_token, cursor: next_cursor }
      },
    },
    bad: {
      ...ON_NO_ITEM,
      'a broken Item': of(aBrokenItem),
      ...Object.fromEntries(
        [0, 501, -1, 1.5, '2', 1e300].map((count) => [
          `a count of ${count}`,
          of(anItem, { count }),
        ]),
      ),
      'a cursor of another Item': async (things) => ({
        ...(await fromCursor()(things)),
        access_token: (await things.item()).access_token,
      }),
      'a cursor cut short': fromCursor({}, {}, (cursor) => cursor.slice(0, -1)),
      'a cursor that is a number': of(anItem, { cursor: 7 }),
      'days out of range': of(anItem, { options: { days_requested: 731 } }),
      'an unknown account': of(anItem, { options: { account_id: 'a'.repeat(37) } }),
    },
  },

  '/sandbox/transactions/create': {
    required: ['access_token', 'transactions'],
    open: ['transactions'],
    full: ofDynamic({ transactions: [{ ...CREATED, iso_currency_code: 'USD' }] }),
    good: { 'ten rows': ofDynamic({ transactions: Array(10).fill(CREATED) }) },
    bad: {
      ...withBadToken('access_token', 'access', { transactions: [CREATED] }),
      'an Item of user_good': of(anItem, { transactions: [CREATED] }),
      'no row': ofDynamic({ transactions: [] }),
      'eleven rows': ofDynamic({ transactions: Array(11).fill(CREATED) }),
      'a row in the future': ofDynamic({ transactions: [{ ...CREATED, date_posted: day(2) }] }),
      'a row of last year': ofDynamic({ transactions: [{ ...CREATED, date_posted: day(-365) }] }),
      'a date that is none': ofDynamic({ transactions: [{ ...CREATED, date_posted: 'today' }] }),
      'a row that is a string': ofDynamic({ transactions: ['x'] }),
    },
  },

  '/transactions/get': onDays(),
  '/transactions/refresh': onItem(),

  '/transactions/recurring/get': {
    required: ['access_token'],
    full: async (things) => {
      const item = await things.item()
      const account_ids = (await accountIds(things, item)).slice(0, 4)
      return { access_token: item.access_token, account_ids }
    },
    good: {
      'all accounts': of(anItem),
      options: of(anItem, { options: { include_personal_finance_category: true } }),
      'an Item without the product': of(anItemOf('auth')),
    },
    bad: {
      ...ON_NO_ITEM,
      'a broken Item': of(aBrokenItem),
      'an unknown account': of(anItem, { account_ids: ['a'.repeat(37)] }),
      'account_ids that are not a list': of(anItem, { account_ids: 'x' }),
    },
    either: { 'no account': of(anItem, { account_ids: [] }) },
  },

  '/accounts/balance/get': onAccounts(),
  '/identity/get': onAccounts(),
  '/investments/holdings/get': onAccounts((ids) => ids.slice(4, 7)),
  '/investments/transactions/get': (() => {
    const calls = onDays()
    return {
      ...calls,
      full: async (things) => {
        const body = await forAccounts(anItem, (ids) => ids.slice(4, 7))(things)
        return { ...body, ...ALL_DAYS, options: { ...body.options, count: 2, offset: 1 } }
      },
    }
  })(),
  '/investments/refresh': onItem(),
  '/liabilities/get': onAccounts((ids) => ids.slice(3, 9)),

  '/institutions/get': {
    required: ['count', 'offset', 'country_codes'],
    full: institutions({
      options: { ...METADATA, products: ['auth'], routing_numbers: null, oauth: false },
    }),
    good: {
      'no options': institutions(),
      'every institution': institutions({
        count: 500,
        offset: 0,
        country_codes: ['US', 'CA', 'GB'],
      }),
      'an offset beyond the end': institutions({ offset: 1_000 }),
      'another country': institutions({ country_codes: ['DE'] }),
      'a routing number': institutions({ options: { routing_numbers: ['011000138'] } }),
    },
    bad: {
      ...wrongCountries({ count: 1, offset: 0 }),
      ...Object.fromEntries(
        [0, 501, -1, 1.5, 'x'].map((count) => [`a count of ${count}`, institutions({ count })]),
      ),
      'an offset below zero': institutions({ offset: -1 }),
      'an unknown product': institutions({ options: { products: ['loan'] } }),
    },
  },

  '/institutions/get_by_id': {
    required: ['institution_id', 'country_codes'],
    full: just({
      institution_id: 'ins_109508',
      ...US,
      options: { ...METADATA, include_status: true },
    }),
    good: {
      'no options': just({ institution_id: 'ins_109511', ...US }),
      'a bank with OAuth': just({
        institution_id: 'ins_127287',
        ...US,
        options: { include_status: true },
      }),
      'an unhealthy bank': just({
        institution_id: 'ins_132363',
        ...US,
        options: { include_status: true },
      }),
      'a bank that is down': just({
        institution_id: 'ins_132361',
        ...US,
        options: { include_status: true },
      }),
    },
    bad: {
      ...wrongCountries({ institution_id: 'ins_109508' }),
      'an unknown institution': just({ institution_id: 'ABCDEFG1234567', ...US }),
      'another country': just({ institution_id: 'ins_109508', country_codes: ['GB'] }),
    },
  },

  '/institutions/search': {
    required: ['query', 'country_codes'],
    full: just({
      query: 'First Platypus Bank',
      products: ['transactions'],
      ...US,
      options: { ...METADATA, oauth: false },
    }),
    good: {
      'products null': just({ query: 'Platypus', products: null, ...US }),
      'nothing to find': just({ query: 'no such bank', ...US }),
    },
    bad: {
      ...wrongCountries({ query: 'x' }),
      'products that are not a list': just({ query: 'x', products: 'ABCDEFG1234567', ...US }),
      'an unknown product': just({ query: 'x', products: ['ABCDEFG1234567'], ...US }),
    },
  },

  '/categories/get': { required: [], isPublic: true, full: just({}), bad: {} },

  '/item/public_token/create': {
    required: ['access_token'],
    full: of(anItem),
    good: { 'a broken Item': of(aBrokenItem) },
    bad: ON_NO_ITEM,
  },

  '/processor/token/create': onAccount(
    { processor: 'dwolla' },
    { bad: { 'a broken Item': forBroken({ processor: 'dwolla' }) } },
  ),

  '/sandbox/item/set_verification_status': onAccount(
    { verification_status: 'automatically_verified' },
    {
      good: {
        'an expired verification': forAccount({ verification_status: 'verification_expired' }),
      },
      bad: { 'an unknown status': forAccount({ verification_status: 'verified' }) },
    },
  ),

  '/user/create': {
    required: ['client_user_id'],
    full: just({
      client_user_id: 'user-1',
      identity: {
        name: { given_name: 'Carmen', family_name: 'Berzatto' },
        date_of_birth: '1987-01-31',
        emails: [{ data: 'carmy@example.com', primary: true }],
      },
      with_upgraded_user: false,
    }),
    open: ['identity'],
    good: {
      'only an id': just({ client_user_id: 'user-1' }),
      'an upgraded user': just({ client_user_id: 'user-1', with_upgraded_user: true }),
    },
    bad: { 'an id that is too long': just({ client_user_id: 'x'.repeat(129) }) },
  },

  '/signal/evaluate': {
    required: ['access_token', 'account_id', 'client_transaction_id', 'amount'],
    full: signal({
      user_present: true,
      client_user_id: 'user-1',
      is_recurring: false,
      default_payment_method: 'SAME_DAY_ACH',
      user: {
        name: { given_name: 'Leslie', family_name: 'Knope' },
        phone_number: '+14152225555',
        address: { city: 'Pawnee', country: 'US', street: '1 Main Street' },
      },
      device: { ip_address: '192.0.2.7', user_agent: 'Mozilla/5.0' },
    }),
    open: ['user'],
    good: {
      'another amount': signal({ amount: 100 }),
      'a broken Item': async (things) => {
        const body = await signal()(things)
        await breaks(things, body.access_token)
        return body
      },
    },
    bad: {
      ...withBadToken('access_token', 'access', { account_id: 'a'.repeat(37), ...SIGNAL }),
      ...wrongAccount(SIGNAL),
      'an amount below zero': signal({ amount: -1 }),
      'an amount that is a string': signal({ amount: '3.53' }),
    },
  },

  '/statements/list': {
    required: ['access_token'],
    full: statements(STATEMENT_DAYS),
    bad: {
      ...ON_NO_ITEM,
      'a broken Item': statements(STATEMENT_DAYS, breaks),
      'an Item without the product': of(anItem),
    },
  },

  '/asset_report/create': {
    required: ['days_requested'],
    full: newReport({
      options: {
        client_report_id: '123',
        webhook: WEBHOOK,
        user: { client_user_id: '789', first_name: 'Jane', email: 'jane.doe@example.com' },
      },
    }),
    open: ['options'],
    good: {
      'a broken Item': async (things) => reportOn((await things.brokenItem()).access_token),
      'no days': newReport({ days_requested: 0 }),
    },
    bad: {
      ...Object.fromEntries(
        [-1, 732, 1.5, '60'].map((days) => [`${days} days`, newReport({ days_requested: days })]),
      ),
      'no Item': just({ access_tokens: [], days_requested: 60 }),
      'an unknown Item': just(reportOn(`access-sandbox-${UNKNOWN_UUID}`)),
      'a removed Item': async (things) => reportOn((await things.removedItem()).access_token),
      'a webhook that is not a URL': newReport({ options: { webhook: 'x' } }),
    },
  },

  '/asset_report/get': {
    required: ['asset_report_token'],
    full: ofReport({ include_insights: false, fast_report: false }),
    good: { 'a broken Item': ofReport({}, breaks) },
    bad: withBadToken('asset_report_token', 'assets'),
  },
}

/** A body with an account of a broken Item. */
function forBroken(fields) {
  return async (things) => {
    const body = await forAccount(fields)(things)
    await breaks(things, body.access_token)
    return body
  }
}
