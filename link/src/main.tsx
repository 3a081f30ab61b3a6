// The page of Link's frame. Read `host` for the application's side, `sandbox` for the Sandbox's,
// `Link` for the panes. The window of a bank with OAuth shows the same page.

import { render } from 'preact'
import { Bank, bankOf } from './Bank'
import { connect } from './host'
import { Link } from './Link'
import './style.css'

const { dataset } = document.documentElement
const bank = bankOf(location.hash)
if (bank !== null) {
  dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  render(<Bank name={bank} />, document.body)
} else {
  connect((host) => {
    dataset.theme = host.isDark ? 'dark' : 'light'
    // A new key: each opening starts with a new session.
    render(<Link key={host.number} host={host} />, document.body)
  })
}
