// The Sandbox's Items, of which one is selected. The list is one Tab stop; arrow keys select.

import { useRef } from 'preact/hooks'
import type { Item } from './snapshot'

interface Props {
  /** The newest first. */
  items: Item[]
  selected: Item | null
  onSelect(item: Item): void
}

export function ItemList({ items, selected, onSelect }: Props) {
  const list = useRef<HTMLUListElement>(null)

  function onKeyDown(event: KeyboardEvent) {
    const index = selected === null ? 0 : items.indexOf(selected)
    const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: items.length - 1 }[
      event.key
    ]
    const item = next === undefined ? undefined : items[next]
    if (next === undefined || item === undefined) return
    event.preventDefault()
    onSelect(item)
    list.current?.querySelectorAll('button')[next]?.focus()
  }

  return (
    <div class="list-box">
      {items.length === 0 && <p>No Items yet.</p>}
      <ul class="items history" aria-labelledby="items" ref={list} onKeyDown={onKeyDown}>
        {items.map((item) => (
          <li key={item.id}>
            <button
              type="button"
              aria-current={item === selected}
              tabIndex={item === selected ? 0 : -1}
              onClick={() => onSelect(item)}
            >
              <code>{item.id}</code>
              {item.token === null && <span class="chip">Backend</span>}
              <State state={item.state} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function State({ state }: { state: string }) {
  switch (state) {
    case 'healthy':
      return <span class="chip good">Healthy</span>
    case 'login_required':
      return <span class="chip bad">ITEM_LOGIN_REQUIRED</span>
    default:
      return <span class="chip">Removed</span>
  }
}
