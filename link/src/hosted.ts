// A hosted page, whose user goes through the panes of Link. What follows them is the Sandbox's page.

import type { Host } from './host'
import { openHosted } from './sandbox'

const HASH = '#hosted='

/** What has opened Link, if it is a hosted page. */
export function hostedBy(hash: string, isDark: boolean): Host | null {
  if (!hash.startsWith(HASH)) return null
  const id = hash.slice(HASH.length)
  return {
    number: 1,
    isDark,
    isEmbedded: false,
    start: () => openHosted(id),
    event: () => {},
    selected: () => {},
    done: (done) => {
      const page = `/hl/${id}`
      if (done.type === 'success') return redirectAfter(page)
      location.replace(done.error ? page : `${page}/exited`)
    },
    onLeave: () => {},
  }
}

/** Completing again changes nothing, and redirects to the application, if it asked for that. */
function redirectAfter(page: string) {
  const form = document.createElement('form')
  form.method = 'post'
  form.action = `${page}/complete`
  document.body.append(form)
  form.submit()
}
