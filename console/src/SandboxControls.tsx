// The controls of the Sandbox as a whole: its clock, its faults, and reset.

import { Fragment } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type Controlled, type Controls, FAULTS, type FaultName } from './controls'
import type { LocalSandbox } from './sandbox'

const HOUR_MS = 60 * 60 * 1_000

const STEPS = { '+1 hour': HOUR_MS, '+1 day': 24 * HOUR_MS, '+30 days': 30 * 24 * HOUR_MS }

export function SandboxControls({ sandbox }: { sandbox: LocalSandbox }) {
  const [offset, setOffset] = useState(0)
  const [fault, setFault] = useState<FaultName>('INTERNAL_SERVER_ERROR')
  const [status, setStatus] = useState('')
  const [isConfirming, setConfirming] = useState(false)
  const controls = sandbox.state === 'live' ? sandbox.controls : null

  useEffect(() => {
    controls?.clockOffset().then(setOffset)
  }, [controls])

  const button = (
    text: string,
    action: (controls: Controls) => Promise<Controlled<unknown>> | null,
    done: string,
  ) => (
    <button
      type="button"
      class="small"
      aria-disabled={controls === null}
      onClick={async () => {
        const result = controls && (await action(controls))
        if (controls === null || result === null) return
        setStatus('problem' in result ? result.problem : done)
        setOffset(await controls.clockOffset())
      }}
    >
      {text}
    </button>
  )
  function reset() {
    setConfirming(!isConfirming)
    return isConfirming ? sandbox.reset().then(() => ({ value: null })) : null
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row
    <div class="controls" role="group" aria-label="Sandbox controls">
      <span class="note">Clock{ahead(offset)}</span>
      {Object.entries(STEPS).map(([text, ms]) => (
        <Fragment key={text}>
          {button(text, (it) => it.post('clock/advance', { ms }), `The clock moved by ${text}.`)}
        </Fragment>
      ))}
      <label>
        <span class="note">Next request:</span>{' '}
        <select
          value={fault}
          onChange={(event) => setFault(event.currentTarget.value as FaultName)}
        >
          {Object.keys(FAULTS).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {button(
        'Inject',
        (it) => it.post('faults', { ...FAULTS[fault], times: 1 }),
        `The next request gets: ${fault}.`,
      )}
      {button('Clear faults', (it) => it.delete('faults'), 'No faults are left.')}
      <span onFocusOut={() => setConfirming(false)}>
        {button(isConfirming ? 'Confirm reset' : 'Reset', reset, 'Started over.')}
      </span>
      <span class="note" role="status">
        {status}
      </span>
    </div>
  )
}

/** How far the clock is ahead, in days and hours. */
function ahead(offset: number): string {
  const hours = Math.round(offset / HOUR_MS)
  if (hours <= 0) return ':'
  const days = Math.floor(hours / 24)
  const parts = [days > 0 && `${days} d`, hours % 24 > 0 && `${hours % 24} h`].filter(Boolean)
  return `, ${parts.join(' ')} ahead:`
}
