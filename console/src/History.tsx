// This tab's calls.

import type { Outcome } from './call'
import { Status } from './Output'

interface Props {
  /** The latest first. */
  outcomes: Outcome[]
  shown: Outcome | null
  onShow(outcome: Outcome): void
}

export function History({ outcomes, shown, onShow }: Props) {
  if (outcomes.length === 0) return null
  return (
    <section class="card" aria-labelledby="history">
      <div class="title">
        <h3 id="history">History</h3>
        <span class="note">Cleared when you close this tab.</span>
      </div>
      <ol class="history">
        {outcomes.map((outcome) => (
          <li key={`${outcome.at.getTime()} ${outcome.ms}`}>
            <button type="button" aria-current={outcome === shown} onClick={() => onShow(outcome)}>
              <time dateTime={outcome.at.toISOString()}>{outcome.at.toLocaleTimeString()}</time>
              <code>{outcome.token}</code>
              <Status outcome={outcome} />
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}
