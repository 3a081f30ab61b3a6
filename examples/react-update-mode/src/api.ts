// The backend's routes.

export interface Item {
  item_id: string
  institution: string
  /** Whether the user must log in again. */
  broken: boolean
  /** As last read. */
  accounts: { account_id: string; name: string; mask: string | null; balance: number | null }[]
}

export function readItems(): Promise<Item[]> {
  return call('GET', '/api/items')
}

export async function createLinkToken(item?: Item): Promise<string> {
  const reply = await call('POST', '/api/link-token', { item_id: item?.item_id })
  return reply.link_token
}

export function addItem(public_token: string, institution: string): Promise<void> {
  return call('POST', '/api/items', { public_token, institution })
}

async function call(method: string, path: string, body?: object) {
  const response = await fetch(path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const reply = await response.json()
  if (!response.ok) throw new Error(reply.error)
  return reply
}
