// The page of Link's frame. Read `host` for the application's side, `sandbox` for the Sandbox's,
// `Link` for the panes. Hosted pages and the window of a bank with OAuth show the same page.

import { render } from 'preact'
import { Bank, bankOf } from './Bank'
import { connect, type Host } from './host'
import { hostedBy } from './hosted'
import { Link } from './Link'
import './style.css'

const { dataset } = document.documentElement

function show(host: Host) {
  dataset.theme = host.isDark ? 'dark' : 'light'
  // A new key: each opening starts with a new session.
  render(<Link key={host.number} host={host} />, document.body)
}

const isDark = matchMedia('(prefers-color-scheme: dark)').matches
const bank = bankOf(location.hash)
const hosted = hostedBy(location.hash, isDark)
if (bank !== null || hosted) dataset.page = ''
if (bank !== null) {
  dataset.theme = isDark ? 'dark' : 'light'
  render(<Bank name={bank} />, document.body)
} else if (hosted) show(hosted)
else connect(show)
