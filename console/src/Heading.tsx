// The operation, and what it does.

export function Heading() {
  return (
    <header>
      <p class="badges">
        <span class="badge">Plaid</span>
        <span class="badge method">POST</span>
        <code>/sandbox/item/reset_login</code>
      </p>
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
    </header>
  )
}
