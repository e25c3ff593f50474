import { on } from './page.js'

const sure = document.getElementById('k-confirm')

function ask(text) {
  return new Promise((resolve) => {
    sure.querySelector('#k-confirm-text').textContent = text
    const finish = (answer) => {
      sure.onclose = null
      sure.close()
      resolve(answer)
    }
    sure.querySelector('[data-yes]').onclick = () => finish(true)
    sure.querySelector('[data-no]').onclick = () => finish(false)
    sure.onclose = () => resolve(false)
    sure.showModal()
  })
}

// A button that asks first: its form is sent only after a yes.
document.addEventListener(
  'click',
  (event) => {
    const button = event.target instanceof Element ? event.target.closest('button[data-confirm]') : null
    if (button === null || sure === null || button.dataset.confirmed === 'yes') return
    event.preventDefault()
    event.stopImmediatePropagation()
    void ask(button.dataset.confirm).then((yes) => {
      if (!yes) return
      button.dataset.confirmed = 'yes'
      button.form.requestSubmit(button)
      delete button.dataset.confirmed
    })
  },
  true,
)

// Dialogs of actions. Changes on the form behind are saved first, then the dialog opens on the fresh page.
on('click', '[data-dialog]', (_event, button) => {
  const form = document.getElementById('k-form')
  if (form !== null && (form.hasAttribute('data-dirty') || form.hasAttribute('data-new'))) {
    form.elements.namedItem('_open').value = button.dataset.dialog
    form.requestSubmit(form.querySelector('[data-save]'))
    return
  }
  document.getElementById(button.dataset.dialog)?.showModal()
})
on('click', '[data-close]', (_event, button) => button.closest('dialog')?.close())
for (const dialog of document.querySelectorAll('dialog[data-open]')) dialog.showModal()

/** An answer that is a file leaves the page where it is: after this time the same button sends again. */
const stillMs = 8000
let sentBy = new WeakMap()
// A second press before the answer is of the same wish: who registers a payment with a double click pays once.
document.addEventListener('submit', (event) => {
  const form = event.target
  // Read as attributes: a field of a payment is called «method». The form of a record watches itself (forms.js).
  if (event.defaultPrevented || form.getAttribute('method') !== 'post' || form.getAttribute('id') === 'k-form') return
  if (sentBy.get(form) === event.submitter) {
    event.preventDefault()
    return
  }
  sentBy.set(form, event.submitter)
  setTimeout(() => sentBy.delete(form), stillMs)
})
// Back from the next page, everything can be sent again.
addEventListener('pageshow', () => (sentBy = new WeakMap()))
