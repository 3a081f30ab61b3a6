// Link without a wrapper: a tag loads the script. `calls` has the callbacks, for the tests.

const { calls } = Object.assign(globalThis, { calls: [] })
const record =
  (name) =>
  (...values) =>
    calls.push([name, ...values])

const handler = globalThis.Plaid.create({
  token: new URLSearchParams(location.search).get('token'),
  onSuccess: record('onSuccess'),
  onExit: record('onExit'),
})
document.querySelector('#open').addEventListener('click', () => handler.open())
