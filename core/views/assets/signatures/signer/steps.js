import { timeZone } from './call.js'

/** What every page of a link needs: the zone in each form, codes that hand themselves in, a pause before the next code. */
for (const field of document.querySelectorAll('[data-zone]')) field.value = timeZone

for (const field of document.querySelectorAll('[data-digits]')) {
  field.addEventListener('input', () => {
    const digits = field.value.replace(/[\s-]/g, '')
    if (digits.length === Number(field.dataset.digits) && /^\p{Nd}+$/u.test(digits)) field.form.requestSubmit()
  })
}

for (const button of document.querySelectorAll('[data-resend]')) {
  const words = button.textContent
  const until = Date.now() + Number(button.dataset.resend) * 1000
  button.disabled = true
  const timer = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000)
    if (left > 0) {
      button.textContent = `${words} (${left})`
      return
    }
    clearInterval(timer)
    button.textContent = words
    button.disabled = false
  }, 500)
}

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll('form'))
  form.addEventListener('submit', (event) => {
    // A download leaves the page as it is, and may be wanted again.
    if (event.defaultPrevented || form.dataset.again !== undefined) return
    setTimeout(() => {
      for (const button of form.querySelectorAll('button')) button.disabled = true
    })
  })
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})
