/** A draft is kept as it is typed: half a second after the last change, and before the page is left. */
const form = document.getElementById('k-request')
const state = form?.querySelector('[data-autosave]')
let timer
let changes = 0

async function save() {
  const at = changes
  say('saving')
  const body = new URLSearchParams(new FormData(form))
  body.set('action', 'save')
  try {
    const answer = await fetch(form.getAttribute('action'), { method: 'POST', body, headers: { 'HX-Request': 'true' }, redirect: 'error' })
    if (!answer.ok) throw new Error(String(answer.status))
    const list = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('checks')
    if (list !== null) document.getElementById('checks')?.replaceWith(list)
    // A PIN is kept by its hash alone: it is sent once.
    if (at === changes) say('saved')
  } catch {
    say('unsaved')
  }
}

function say(what) {
  if (state) state.textContent = form.dataset[what] ?? ''
}

form?.addEventListener('input', () => {
  changes += 1
  clearTimeout(timer)
  timer = setTimeout(save, 500)
})

// Who picks a contact gets his address: the server knows it.
form?.addEventListener('change', (event) => {
  const hidden = event.target instanceof HTMLInputElement && event.target.type === 'hidden' ? event.target : null
  if (hidden === null) return
  changes += 1
  clearTimeout(timer)
  timer = setTimeout(async () => {
    await save()
    location.reload()
  }, 50)
})

// A name typed over a chosen contact is another person.
form?.addEventListener('input', (event) => {
  const input = event.target
  if (!(input instanceof HTMLInputElement) || !('free' in input.dataset)) return
  const hidden = input.closest('.k-combo')?.querySelector('input[type=hidden]')
  if (hidden) hidden.value = ''
})
