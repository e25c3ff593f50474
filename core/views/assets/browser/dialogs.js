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
