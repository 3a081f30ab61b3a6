// The bank logins of your users. Put your database in the place of `itemsInMemory`.

/** `login_required`: the user must log in again, or Plaid gets no more data of this Item. */
export type LoginStatus = 'healthy' | 'login_required'

export interface Item {
  itemId: string
  userId: string
  /** Encrypt it at rest. It leaves the backend for nobody but Plaid. */
  accessToken: string
  login: LoginStatus
  /** Counts the writes of `login`. */
  revision: number
}

export interface Items {
  /** Keeps a healthy Item; of one that is known already, the token. */
  add(item: Pick<Item, 'itemId' | 'userId' | 'accessToken'>): Promise<void>
  find(itemId: string): Promise<Item | undefined>
  ofUser(userId: string): Promise<Item[]>
  /**
   * Writes `login`, unless somebody else did since `revision` was read; says whether it did. In SQL:
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
