// A drop-in for Plaid's script of Link, served by the local Plaid Sandbox. It defines `window.Plaid`,
// and shows Link in a frame: `link.html` of the same server. Served as it is written.

;(() => {
  // An application may embed the script again; the first definition stays.
  if (window.Plaid) {
    console.warn('The script of Link is embedded more than once. The first one stays in use.')
    return
  }

  /** Whether events reach `onEvent` when they happen. By default only OPEN does, as in Plaid's Link. */
  const LIVE = false

  /** The page of the frame, beside this script. */
  const PAGE = new URL(
    'link.html',
    document.currentScript?.src || 'https://cdn.plaid.com/link/v2/stable/link-initialize.js',
  )

  /** Time for the page of the frame to load. */
  const READY_MS = 15_000

  /** Time for the frame to end its session after `exit`. */
  const EXIT_MS = 3_000

  /** What Link covers the application's page with. */
  const FULL_SCREEN = {
    position: 'fixed',
    inset: '0',
    width: '100%',
    height: '100%',
    border: '0',
    zIndex: '2147483647',
  }

  /** An embedded search, which fills its element. */
  const IN_PAGE = { display: 'block', position: 'static', zIndex: 'auto' }

  const NO_ANSWER = {
    error_type: 'API_ERROR',
    error_code: 'INTERNAL_SERVER_ERROR',
    error_message: 'the local Sandbox does not answer',
    display_message: null,
  }

  let created = 0

  /** The style of the body from before Link was opened, and by how many handlers it is. */
  let opened = 0
  let bodyOverflow = ''

  /** An exception in a callback is the application's: it must not stop Link. */
  function call(callback, ...parameters) {
    if (typeof callback !== 'function') return
    try {
      callback(...parameters)
    } catch (error) {
      setTimeout(() => {
        throw error
      })
    }
  }

  function withoutSession(error) {
    const metadata = { institution: null, status: null, link_session_id: '', request_id: '' }
    return { type: 'exit', error, metadata }
  }

  function create(config) {
    // Wrappers pass every key, with `undefined` for those that are not used.
    if (!config?.token && !config?.key && !config?.receivedRedirectUri) {
      throw new Error('Missing Link parameter. Link requires a key or token to be provided.')
    }
    const { receivedRedirectUri } = config
    if (receivedRedirectUri && !/[?&]oauth_state_id=./.test(String(receivedRedirectUri))) {
      console.error('oauth uri does not contain a valid oauth_state_id query parameter')
    }
    return start(config)
  }

  /** `element`: where an embedded search is shown. */
  function start(config, element) {
    const frame = document.createElement('iframe')
    created += 1
    frame.id = `plaid-link-iframe-${created}`
    frame.title = 'Plaid Link'
    // A transparent frame must have the colour scheme of its document, which is the default.
    Object.assign(frame.style, FULL_SCREEN, { display: 'none', colorScheme: 'normal' })
    frame.src = PAGE.href

    /** `loading`, `ready`, `failed` or `destroyed`. */
    let state = 'loading'
    let isOpen = false
    let events = []
    let focused = null
    let exiting
    let port

    const deadline = setTimeout(fail, READY_MS)
    frame.addEventListener('load', connect)
    if (element) embed()
    else document.body.append(frame)

    function connect() {
      const channel = new MessageChannel()
      port?.close()
      port = channel.port1
      port.onmessage = ({ data }) => receive(data)
      // Only the page that was asked for gets the port.
      frame.contentWindow.postMessage('plaid-sandbox-link', PAGE.origin, [channel.port2])
    }

    function receive(message) {
      if (message.type === 'ready' && state === 'loading') {
        state = 'ready'
        clearTimeout(deadline)
        call(config.onLoad)
        if (isOpen || element) enter()
      }
      if (message.type === 'event') keep(message)
      if (message.type === 'selected') cover()
      if (message.type === 'success' || message.type === 'exit') finish(message)
    }

    function keep({ eventName, metadata }) {
      if (LIVE || eventName === 'OPEN') call(config.onEvent, eventName, metadata)
      else events.push([eventName, metadata])
    }

    function fail() {
      if (state !== 'loading') return
      state = 'failed'
      finish(withoutSession(NO_ANSWER))
    }

    function enter() {
      const isDark = matchMedia('(prefers-color-scheme: dark)').matches
      const { token } = config
      port.postMessage({
        type: 'open',
        token: typeof token === 'string' ? token : null,
        isDark,
        isEmbedded: element !== undefined,
      })
    }

    function show() {
      isOpen = true
      focused = document.activeElement
      if (opened === 0) {
        bodyOverflow = document.body.style.overflow
        document.body.style.overflow = 'hidden'
      }
      opened += 1
      frame.style.display = 'block'
      frame.focus()
    }

    function hide() {
      if (!isOpen) return
      isOpen = false
      clearTimeout(exiting)
      exiting = undefined
      opened -= 1
      if (opened === 0) document.body.style.overflow = bodyOverflow
      if (element) uncover()
      else frame.style.display = 'none'
      if (focused instanceof HTMLElement && focused.isConnected) focused.focus()
    }

    /** Closed before a callback is called: it may call `destroy`. */
    function finish(message) {
      // An embedded search can fail before it is open.
      if (!isOpen && !element) return
      const { onEvent, onExit, onSuccess } = config
      hide()
      const happened = events
      events = []
      for (const event of happened) call(onEvent, ...event)
      if (message.type === 'success') call(onSuccess, message.public_token, message.metadata)
      else call(onExit, message.error, message.metadata)
    }

    function embed() {
      Object.assign(frame.style, IN_PAGE)
      element.append(frame)
    }

    function cover() {
      Object.assign(frame.style, FULL_SCREEN)
      show()
    }

    function uncover() {
      Object.assign(frame.style, IN_PAGE)
      if (state === 'ready') enter()
    }

    function open() {
      if (state === 'destroyed' || isOpen) return
      show()
      if (state === 'ready') enter()
      // Later, as every end of Link: the application goes on first.
      if (state === 'failed') setTimeout(() => finish(withoutSession(NO_ANSWER)))
    }

    function exit() {
      if (!isOpen || exiting !== undefined) return
      frame.style.display = 'none'
      if (state === 'ready') port.postMessage({ type: 'leave' })
      const wait = state === 'ready' ? EXIT_MS : 0
      exiting = setTimeout(() => finish(withoutSession(null)), wait)
    }

    function destroy() {
      if (state === 'destroyed') return
      state = 'destroyed'
      clearTimeout(deadline)
      hide()
      port?.close()
      frame.remove()
    }

    // For Layer only, which this Sandbox does not have.
    function submit() {}

    return { open, exit, destroy, submit }
  }

  function createEmbedded(config, element) {
    if (!config?.token) {
      throw new Error('Missing Link parameter. Link requires a key or token to be provided.')
    }
    const { destroy } = start(config, element)
    return { destroy }
  }

  window.Plaid = { create, createEmbedded, version: '2.0.0' }
})()
