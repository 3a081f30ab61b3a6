// What to create an Item with.

import type { NewItem } from './controls'
import { Field } from './Field'

interface Props {
  item: NewItem
  onInput(item: NewItem): void
}

export const DEFAULTS: NewItem = { webhook: '', institution_id: '', products: '', user_id: '' }

export function NewItemForm({ item, onInput }: Props) {
  const field = (name: keyof NewItem) => ({
    name,
    isCode: true,
    note: 'optional',
    value: item[name],
    onInput: (value: string) => onInput({ ...item, [name]: value }),
  })
  return (
    <details class="options">
      <summary>Options for a new Item</summary>
      <Field
        {...field('webhook')}
        placeholder="http://localhost:3000/plaid/webhook"
        description="Your backend’s URL. Without it, the Sandbox receives the webhooks."
      />
      <div class="pair">
        <Field {...field('institution_id')} placeholder="ins_109508" />
        <Field {...field('products')} placeholder="transactions" />
        <Field {...field('user_id')} />
      </div>
    </details>
  )
}
