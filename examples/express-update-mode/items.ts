// The bank logins of your users. Replace `itemsInMemory` with your database.

/** `login_required`: Plaid gets no new data for this Item until the user logs in again. */
export type LoginStatus = 'healthy' | 'login_required'

export interface Item {
  itemId: string
  userId: string
  /** Encrypt it at rest. Send it only to Plaid. */
  accessToken: string
  login: LoginStatus
  /** How many times `login` was written. */
  revision: number
}

export interface Items {
  /** Stores a healthy Item. For a known Item, stores only the token. */
  add(item: Pick<Item, 'itemId' | 'userId' | 'accessToken'>): Promise<void>
  find(itemId: string): Promise<Item | undefined>
  ofUser(userId: string): Promise<Item[]>
  /**
   * Writes `login`, unless it was written since `revision` was read. Resolves with whether it did.
   * In SQL:
   * `UPDATE items SET login = $1, revision = revision + 1 WHERE item_id = $2 AND revision = $3`
   */
  setLogin(itemId: string, login: LoginStatus, revision: number): Promise<boolean>
}

export function itemsInMemory(): Items {
  const items = new Map<string, Item>()
  return {
    async add(item) {
      const { login, revision } = items.get(item.itemId) ?? { login: 'healthy', revision: 0 }
      items.set(item.itemId, { ...item, login, revision })
    },
    async find(itemId) {
      return items.get(itemId)
    },
    async ofUser(userId) {
      return [...items.values()].filter((item) => item.userId === userId)
    },
    async setLogin(itemId, login, revision) {
      const item = items.get(itemId)
      if (item?.revision !== revision) return false
      items.set(itemId, { ...item, login, revision: revision + 1 })
      return true
    },
  }
}
