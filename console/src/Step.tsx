// One step of the story, which is ticked off when it is done.

interface Props {
  name: string
  says: string
  button: string
  isDone: boolean
  isNext: boolean
  isAble: boolean
  onDo(): void
}

export function Step({ name, says, button, isDone, isNext, isAble, onDo }: Props) {
  return (
    <li class={isDone ? 'done' : ''} aria-current={isNext ? 'step' : undefined}>
      <div>
        <strong>{name}</strong>
        {isDone && <span class="unseen"> (done)</span>}
        <p>{says}</p>
      </div>
      <button
        type="button"
        class={isNext ? 'primary' : ''}
        aria-disabled={!isAble}
        onClick={() => isAble && onDo()}
      >
        {button}
      </button>
    </li>
  )
}
