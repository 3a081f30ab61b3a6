// The page of Link's frame. Read `host` for the application's side, `sandbox` for the Sandbox's,
// `Link` for the panes.

import { render } from 'preact'
import { connect } from './host'
import { Link } from './Link'
import './style.css'

connect((host) => {
  document.documentElement.dataset.theme = host.isDark ? 'dark' : 'light'
  // A new key: each opening starts with a new session.
  render(<Link key={host.number} host={host} />, document.body)
})
