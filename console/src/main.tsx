// The *Try it* page of one operation, `POST /sandbox/item/reset_login`. Where to read on:
// `Console` is the page; `gateway` knows the gateway and `call` makes the call through it.

import { render } from 'preact'
import { Console } from './Console'
import './style.css'

render(<Console />, document.body)
