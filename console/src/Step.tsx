// One step of the Sandbox's panel, with a tick when it is done.

interface Props {
  name: string
  description: string
  button: string
  isDone: boolean
  isNext: boolean
  isEnabled: boolean
  onClick(): void
}

export function Step({ name, description, button, isDone, isNext, isEnabled, onClick }: Props) {
  return (
    <li class={isDone ? 'done' : ''} aria-current={isNext ? 'step' : undefined}>
      <div>
        <strong>{name}</strong>
        {isDone && <span class="visually-hidden"> (done)</span>}
        <p>{description}</p>
      </div>
      <button
        type="button"
        class={isNext ? 'primary' : ''}
        aria-disabled={!isEnabled}
        onClick={() => isEnabled && onClick()}
      >
        {button}
      </button>
    </li>
  )
}
