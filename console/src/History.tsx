// This tab's calls.

import { type Outcome, shortened } from './call'
import { Status } from './Output'

interface Props {
  /** The latest first. */
  outcomes: Outcome[]
  shown: Outcome | null
  onShow(outcome: Outcome): void
  isBlocked(outcome: Outcome): boolean
  onResend(outcome: Outcome): void
}

export function History({ outcomes, shown, onShow, isBlocked, onResend }: Props) {
  if (outcomes.length === 0) return null
  return (
    <section class="card" aria-labelledby="history">
      <div class="title">
        <h3 id="history">History</h3>
        <span class="note">Cleared when you close this tab.</span>
      </div>
      <ol class="history">
        {outcomes.map((outcome) => {
          const { startedAt, ms, input } = outcome
          return (
            <li key={`${startedAt.getTime()} ${ms}`}>
              <button
                type="button"
                aria-current={outcome === shown}
                onClick={() => onShow(outcome)}
              >
                <time dateTime={startedAt.toISOString()}>{startedAt.toLocaleTimeString()}</time>
                <code>{shortened(input.access_token)}</code>
                <Status outcome={outcome} isShort />
              </button>
              <button
                type="button"
                class="quiet small"
                aria-label={`Resend the call of ${startedAt.toLocaleTimeString()}`}
                aria-disabled={isBlocked(outcome)}
                onClick={() => {
                  if (!isBlocked(outcome)) onResend(outcome)
                }}
              >
                Resend
              </button>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
