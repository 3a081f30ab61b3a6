// The *Try it* page of one operation, `POST /sandbox/item/reset_login`. Read `Console` for the page,
// `gateway` for the gateway's state, and `call` for the call.

import { render } from 'preact'
import { Console } from './Console'
import './style.css'

render(<Console />, document.body)
