/** The whole editor by keys. Fields are buttons in reading order: Tab goes from one to the next and chooses it. */
export function followKeys(root, stage, store, actions, pointer, { toPanel, help, save }) {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
  const typing = (target) => target.closest('input, textarea, select, dialog[open], [contenteditable]') !== null

  stage.addEventListener('focusin', (event) => {
    const box = event.target.closest('.se-box')
    if (box === null || pointer.busy || store.selection.includes(box.dataset.key)) return
    if (box.matches(':focus-visible')) store.select([box.dataset.key])
    const page = Number(box.closest('.se-page').dataset.page)
    if (page !== store.page) store.look({ page })
  })

  document.addEventListener('keydown', (event) => {
    if (root.dataset.mode === 'preview') return
    const command = event.ctrlKey || event.metaKey
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    if (command && event.code === 'KeyS') return done(event, save)
    if (!(event.target instanceof Element) || typing(event.target)) return
    // Codes name keys, whatever alphabet is typed: Ctrl+Z works on an Arabic keyboard.
    if (command) {
      if (event.code === 'KeyZ') return done(event, event.shiftKey ? actions.redo : actions.undo)
      if (event.code === 'KeyY') return done(event, actions.redo)
      if (event.code === 'KeyA') return done(event, actions.selectPage)
      if (event.code === 'KeyD') return done(event, actions.duplicate)
      if (String(getSelection()) !== '') return undefined
      if (event.code === 'KeyC') return done(event, actions.copy)
      if (event.code === 'KeyX') return done(event, actions.cut)
      if (event.code === 'KeyV') return done(event, actions.paste)
      return undefined
    }
    if (key === 'Escape') {
      if (!pointer.stop()) store.select([])
      return undefined
    }
    if (key === '?') return done(event, help)
    const box = event.target.closest('.se-box')
    const onStage = box !== null || event.target === stage
    if (!onStage || store.selection.length === 0) return undefined
    const arrow = arrows[event.key]
    if (arrow !== undefined) {
      const by = event.shiftKey ? 10 : 1
      const [dx, dy] = arrow.map((one) => one * by)
      return done(event, () => (event.altKey ? actions.grow(dx, dy) : actions.nudge(dx, dy)))
    }
    if (key === 'Delete' || key === 'Backspace') return done(event, actions.remove)
    if (key === 'PageUp') return done(event, () => actions.turn(-1))
    if (key === 'PageDown') return done(event, () => actions.turn(1))
    if (key === 'Enter' && box !== null) return done(event, toPanel)
    if (key === ' ' && box !== null) return done(event, () => store.toggle(box.dataset.key))
    return undefined
  })

  function done(event, work) {
    event.preventDefault()
    work()
  }
}
