/**
 * A module to preload: `node --import @utdk/plaid/intercept app.js`. Connections of the process, its
 * Workers and its child processes to `sandbox.plaid.com:443` go to the local Sandbox at
 * `PLAID_SANDBOX_URL`. It exports nothing.
 */
export {}
