// The operation and its package.

import { useState } from 'preact/hooks'
import { CopyButton } from './CopyButton'
import { applyTheme, storedTheme, storeTheme, type Theme } from './theme'

const INSTALL = 'npm install @utdk/plaid'

export function Heading() {
  return (
    <header>
      <div class="title">
        <p class="badges">
          <span class="badge">Plaid</span>
          <span class="badge method">POST</span>
          <code>/sandbox/item/reset_login</code>
        </p>
        <ThemeSwitch />
      </div>
      <h1>Force a Sandbox Item into an error state</h1>
      <p>
        Puts a Sandbox Item into <code>ITEM_LOGIN_REQUIRED</code>, as if the user’s bank login had
        stopped working. Use it to test that your app notices, and that Link’s{' '}
        <a href="https://plaid.com/docs/link/update-mode/">update mode</a> repairs the Item.
      </p>
      <p>
        If the Item has a webhook URL, Plaid sends it an <code>ITEM</code> / <code>ERROR</code>{' '}
        webhook. Without this call, a Sandbox Item enters this state 30 days after its creation.
      </p>
      <p class="install">
        <code>{INSTALL}</code>
        <CopyButton name="the install command" text={INSTALL} />
      </p>
    </header>
  )
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme)
  return (
    <label class="theme">
      <span class="visually-hidden">Theme</span>
      <select
        value={theme}
        onChange={(event) => {
          const chosen = event.currentTarget.value as Theme
          setTheme(chosen)
          applyTheme(chosen)
          storeTheme(chosen)
        }}
      >
        <option value="system">System theme</option>
        <option value="light">Light theme</option>
        <option value="dark">Dark theme</option>
      </select>
    </label>
  )
}
