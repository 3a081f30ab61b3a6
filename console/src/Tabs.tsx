// A list of tabs, in which the arrow keys select, and the selected one's panel.

import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'

interface Props<Names extends readonly string[]> {
  /** Names the list, and prefixes the IDs of its tabs. */
  id: string
  label: string
  names: Names
  selected: Names[number]
  onSelect(name: Names[number]): void
  children: ComponentChildren
}

export function Tabs<const Names extends readonly string[]>(props: Props<Names>) {
  const { id, names, selected } = props
  const list = useRef<HTMLDivElement>(null)

  function onKeyDown(event: KeyboardEvent) {
    const step = STEPS[event.key]
    if (step === undefined) return
    event.preventDefault()
    const index = (names.indexOf(selected) + step + names.length) % names.length
    props.onSelect(names[index] ?? selected)
    list.current?.querySelectorAll('button')[index]?.focus()
  }

  return (
    <>
      <div class="tabs" role="tablist" aria-label={props.label} ref={list} onKeyDown={onKeyDown}>
        {names.map((name, index) => (
          <button
            key={name}
            id={`${id}-tab-${index}`}
            type="button"
            role="tab"
            aria-selected={name === selected}
            aria-controls={`${id}-panel`}
            tabIndex={name === selected ? 0 : -1}
            onClick={() => props.onSelect(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div
        id={`${id}-panel`}
        class="tab-panel"
        role="tabpanel"
        aria-labelledby={`${id}-tab-${names.indexOf(selected)}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
        tabIndex={0}
      >
        {props.children}
      </div>
    </>
  )
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 }
