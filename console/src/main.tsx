// The *Try it* page of one operation, `POST /sandbox/item/reset_login`. Read `Console` for the page,
// `gateway` for the gateway's state, and `call` for the call.

import { render } from 'preact'
import { Console } from './Console'
import { checkFirst, type GatewayState } from './gateway'
import { applyTheme, storedTheme } from './theme'
import './style.css'

/** A gateway that responds within this time is known at the first paint, so that nothing moves. */
const FIRST_CHECK_MS = 100

applyTheme(storedTheme())
const checking = new Promise<GatewayState>((resolve) => {
  setTimeout(() => resolve({ kind: 'checking' }), FIRST_CHECK_MS)
})
const gateway = await Promise.race([checkFirst(), checking])
render(<Console gateway={gateway} />, document.body)
