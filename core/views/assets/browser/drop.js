// A place to drop a file on. Without this script it is an ordinary file field with a button.
for (const form of document.querySelectorAll('form[data-drop]')) start(form)

function start(form) {
  const input = form.querySelector('input[type=file][name=file]')
  const area = input.closest('label')
  const name = form.querySelector('[data-drop-name]')
  const tooLarge = form.querySelector('[data-drop-too-large]')
  // Said before a long upload that would be refused at its end.
  const fits = (field) => [...field.files].every((file) => file.size <= form.dataset.megabytes * 1024 * 1024)
  const fields = [...form.querySelectorAll('input[type=file]')]
  const show = () => {
    tooLarge.hidden = fields.every(fits)
    const [file] = input.files
    name.hidden = file === undefined
    name.textContent = file?.name ?? ''
  }
  const send = () => {
    show()
    if (input.files.length > 0 && tooLarge.hidden) form.requestSubmit()
  }
  // A second file may still be wanted: then the button sends.
  const more = form.querySelector('details')
  input.addEventListener('change', () => (more?.open === true ? show() : send()))
  for (const kind of ['dragenter', 'dragover'])
    area.addEventListener(kind, (event) => {
      event.preventDefault()
      area.classList.add('k-drop-over')
    })
  for (const kind of ['dragleave', 'drop']) area.addEventListener(kind, () => area.classList.remove('k-drop-over'))
  area.addEventListener('drop', (event) => {
    event.preventDefault()
    if (event.dataTransfer.files.length === 0) return
    input.files = event.dataTransfer.files
    if (more?.open === true) show()
    else send()
  })
  for (const field of fields) if (field !== input) field.addEventListener('change', show)
  form.addEventListener('submit', (event) => {
    show()
    if (!tooLarge.hidden) {
      event.preventDefault()
      return
    }
    form.querySelector('[data-drop-wait]').hidden = false
    form.setAttribute('aria-busy', 'true')
  })
  // Back to this page from the browser's memory: nothing is under way.
  addEventListener('pageshow', () => {
    form.querySelector('[data-drop-wait]').hidden = true
    form.removeAttribute('aria-busy')
  })
}
