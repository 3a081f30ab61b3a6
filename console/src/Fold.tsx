// A card that folds to one line: its title, a chip, and a note.

import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'

interface Props {
  id: string
  title: string
  chip: { text: string; look: string }
  /** Cut to one line. */
  note?: string
  /** Whether it starts folded; null until that is known. */
  startsFolded: boolean | null
  children: ComponentChildren
}

/** Opens and folds by itself only once, so that nothing moves while the page is used. */
export function Fold({ id, title, chip, note, startsFolded, children }: Props) {
  const [isOpen, setOpen] = useState<boolean | null>(null)
  const isFoldedAtStart = useRef<boolean | null>(null)
  isFoldedAtStart.current ??= startsFolded
  return (
    <section class="card fold" aria-labelledby={id}>
      <details
        open={isOpen ?? isFoldedAtStart.current === false}
        onToggle={(event) => setOpen(event.currentTarget.open)}
      >
        <summary>
          <h3 id={id}>{title}</h3>
          <span class={`chip ${chip.look}`} role="status">
            {chip.text}
          </span>
          <span class="note">{note}</span>
        </summary>
        {children}
      </details>
    </section>
  )
}
