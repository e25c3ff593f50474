import { call } from './page.js'

/**
 * Makes a record in a dialog, without leaving the form behind it: the server draws the fields at `address`, takes them there, and answers
 * either the fields again with what is wrong or the new record.
 * @returns `{ id, label }` of the new record; undefined when the person thought better of it
 */
export async function makeRecord(address, text) {
  const url = new URL(address, location.href)
  url.searchParams.set('text', text)
  const answer = await call(url)
  if (!answer.ok) {
    location.assign(answer.url)
    return undefined
  }
  const back = document.activeElement
  const dialog = document.createElement('dialog')
  dialog.className = 'k-dialog k-dialog-wide'
  dialog.setAttribute('aria-labelledby', 'k-quick-title')
  document.body.append(dialog)
  draw(dialog, await answer.text())
  dialog.showModal()
  focusFirst(dialog)
  return new Promise((resolve) => {
    let made
    dialog.addEventListener('submit', (event) => {
      event.preventDefault()
      if (dialog.dataset.sending === 'yes') return
      dialog.dataset.sending = 'yes'
      void send(event.target).then((record) => {
        delete dialog.dataset.sending
        if (record === undefined) return
        made = record
        dialog.close()
      })
    })
    dialog.addEventListener('change', (event) => followKind(event.target))
    dialog.addEventListener('close', () => {
      dialog.remove()
      if (back instanceof HTMLElement) back.focus()
      resolve(made)
    })
  })
}

async function send(form) {
  const button = form.querySelector('button:not([type=button])')
  button.disabled = true
  try {
    const answer = await call(form.action, { method: 'POST', body: new URLSearchParams([...new FormData(form)]) })
    if (answer.headers.get('content-type')?.startsWith('application/json')) {
      const said = await answer.json()
      if (answer.ok && typeof said.id === 'string') return said
    } else if (answer.ok) {
      const dialog = form.closest('dialog')
      draw(dialog, await answer.text())
      focusFirst(dialog)
      return undefined
    }
    location.reload()
  } catch {
    // The network went away: everything typed stays, and the button can be pressed again.
    button.disabled = false
  }
  return undefined
}

/** Our own server's markup, escaped there. */
function draw(dialog, html) {
  dialog.innerHTML = html
}

/** What is wrong first, else the first empty field of those that must be filled, else the first. */
function focusFirst(dialog) {
  const fields = [...dialog.querySelectorAll('input:not([type=hidden]), select')]
  const wrong = dialog.querySelector('[aria-invalid=true]')
  const next = wrong ?? fields.find((field) => field instanceof HTMLInputElement && field.value === '') ?? fields[0]
  next?.focus()
}

/** A number of people does not stay chosen for a company, nor the other way round. */
function followKind(target) {
  const form = target instanceof HTMLSelectElement && target.name === 'quick.kind' ? target.form : null
  const scheme = form?.elements.namedItem('quick.scheme')
  if (!(scheme instanceof HTMLSelectElement)) return
  const foreign = (target.value === 'person' ? form.dataset.companies : form.dataset.people).split(' ')
  const own = (target.value === 'person' ? form.dataset.people : form.dataset.companies).split(' ')
  const offered = [...scheme.options].map(({ value }) => value)
  if (target.value === 'person' || foreign.includes(scheme.value)) {
    scheme.value =
      offered.find((value) => own.includes(value) && target.value === 'person') ??
      offered.find((value) => !foreign.includes(value)) ??
      scheme.value
  }
}
