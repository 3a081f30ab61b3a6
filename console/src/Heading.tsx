// What the operation is and does.

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
        Puts an Item of the Sandbox into <code>ITEM_LOGIN_REQUIRED</code>, as if the user’s bank
        login had stopped working. Use it to see that your application notices, and that Link’s{' '}
        <a href="https://plaid.com/docs/link/update-mode/">update mode</a> brings the Item back.
      </p>
      <p>
        If the Item has a webhook URL, an <code>ITEM</code> / <code>ERROR</code> webhook is sent
        there. Left alone, an Item of the Sandbox gets into this state by itself 30 days after it
        was made.
      </p>
    </header>
  )
}
